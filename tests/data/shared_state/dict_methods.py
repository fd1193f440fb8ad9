# ruff: noqa
from celery import shared_task

from collections import OrderedDict, defaultdict

SEEN = set()
TOTALS = defaultdict(int)
ORDER = OrderedDict()


@shared_task
def work(key):
    SEEN.add(key)  # expect: module-object
    TOTALS[key] += 1  # expect: module-object
    ORDER.setdefault(key, []).append(1)  # expect: module-object
    ORDER.pop(key, None)  # expect: module-object
    del TOTALS[key]  # expect: module-object
