# ruff: noqa
from celery import shared_task

TOTAL = 0


def elsewhere():
    TOTAL = 1
    return TOTAL


@shared_task
def work():
    def inner():
        global TOTAL
        TOTAL = 2  # expect: global

    inner()
    return elsewhere()
