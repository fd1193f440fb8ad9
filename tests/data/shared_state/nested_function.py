# ruff: noqa
from celery import shared_task

SEEN = set()


@shared_task
def work(rows):
    def take(row):
        SEEN.add(row)  # expect: module-object

    return [take(row) for row in rows]
