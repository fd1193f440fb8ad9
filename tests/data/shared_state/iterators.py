# ruff: noqa
from celery import shared_task

import itertools

NUMBERS = itertools.count()


@shared_task
def work():
    number = next(NUMBERS)  # expect: module-object
    mine = iter([1])
    return number, next(mine)
