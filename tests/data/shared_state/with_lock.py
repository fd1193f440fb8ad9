# ruff: noqa
from celery import shared_task

import threading

CACHE = {}
_guard = threading.Lock()


@shared_task
def work(key):
    with _guard:
        CACHE[key] = 1  # guarded
    CACHE.pop(key)  # expect: module-object
