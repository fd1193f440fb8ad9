# ruff: noqa
from celery import shared_task

ROWS = []


def helper(x):
    ROWS.append(x)


@shared_task
def work(x):
    return x


def view(x):
    helper(x)
    work.delay(x)
