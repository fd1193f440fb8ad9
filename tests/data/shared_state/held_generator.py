# ruff: noqa
from celery import shared_task

STATE = {"n": 0}


def numbers():
    while True:
        STATE["n"] += 1  # expect: module-object
        yield STATE["n"]


@shared_task
def work():
    return next(numbers())
