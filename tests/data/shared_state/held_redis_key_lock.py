# ruff: noqa
from celery import shared_task

from django.core.cache import cache

TOTALS = {}


@shared_task
def work(key):
    if not cache.add("lock:" + key, 1, timeout=60):
        return
    TOTALS[key] = 1  # expect: module-object
    with cache.lock("totals"):
        TOTALS[key] = 2  # guarded
