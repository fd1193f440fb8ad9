# ruff: noqa
from celery import shared_task

LIMIT = 10
NAMES = ["a", "b"]


@shared_task
def work(x):
    names = list(NAMES)
    names.append(x)
    return LIMIT, names
