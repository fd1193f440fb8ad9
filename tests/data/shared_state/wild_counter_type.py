# ruff: noqa
from collections import Counter, defaultdict

from celery import shared_task

STATS = Counter()
BY_DAY = defaultdict(list)


@shared_task
def ingest(rows):
    local = Counter()
    for row in rows:
        local[row["kind"]] += 1
        BY_DAY[row["day"]].append(row)  # expect: module-object
    STATS.update(local)  # expect: module-object
    return dict(local)
