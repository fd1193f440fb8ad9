# ruff: noqa
from celery import shared_task

ROWS = []


def fill(rows, x):
    rows.append(x)  # expect: module-object


@shared_task
def work(x):
    mine = []
    fill(mine, x)
    fill(ROWS, x)
