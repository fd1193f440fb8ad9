# ruff: noqa
from celery import shared_task


@shared_task
def work(x, seen=None, rows=[]):
    seen = seen or []
    seen.append(x)
    rows = list(rows)
    rows.append(x)
    return rows
