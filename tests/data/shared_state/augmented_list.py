# ruff: noqa
from celery import shared_task

ROWS = []


@shared_task
def work(x):
    rows = ROWS
    rows += [x]  # expect: module-object
    total = 0
    total += x
    return total
