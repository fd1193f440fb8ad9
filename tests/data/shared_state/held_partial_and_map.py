# ruff: noqa
from celery import shared_task

from functools import partial

ROWS = []


def keep(rows, row):
    rows.append(row)


def take(row):
    ROWS.append(row)  # expect: module-object


@shared_task
def work(rows):
    list(map(take, rows))
    mine = []
    list(map(partial(keep, mine), rows))
