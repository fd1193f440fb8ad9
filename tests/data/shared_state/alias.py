# ruff: noqa
from celery import shared_task

CACHE = {}


@shared_task
def work(key):
    cache = CACHE
    cache[key] = 1  # expect: module-object
    bucket = CACHE.setdefault("bucket", {})  # expect: module-object
    bucket[key] = 2  # expect: module-object
