# ruff: noqa
from celery import shared_task


@shared_task
def work(x, seen=[], *, table={}, limit=5):
    seen.append(x)  # expect: default-argument
    table[x] = 1  # expect: default-argument
    limit += 1
    return limit


@shared_task
def first(rows=[]):
    rows.append(1)  # expect: default-argument
