# ruff: noqa
from celery import shared_task

_CACHE = {}


def cache():
    return _CACHE


@shared_task
def work(key):
    cache()[key] = 1  # expect: module-object
