# ruff: noqa
from celery import shared_task

CACHE = {}


@shared_task
def work(key):
    if key not in CACHE:
        CACHE[key] = key * 2  # expect: module-object
    return CACHE[key]
