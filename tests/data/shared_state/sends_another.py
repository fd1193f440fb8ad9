# ruff: noqa
from celery import shared_task

ROWS = []


@shared_task(name="shop.second")
def second(x):
    return x


def third(x):
    ROWS.append(x)


@shared_task
def first(x):
    second.delay(x)
    third.delay(x)
