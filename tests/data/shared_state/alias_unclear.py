# ruff: noqa
from celery import shared_task

CACHE = {}


@shared_task
def work(key, fresh=False):
    cache = {}
    if not fresh:
        cache = dict(CACHE)
    cache[key] = 1
    return cache
