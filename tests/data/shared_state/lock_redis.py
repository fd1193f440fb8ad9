# ruff: noqa
from celery import shared_task

import redis

connection = redis.Redis()
CACHE = {}


@shared_task
def work(key):
    with connection.lock("cache", timeout=5):
        CACHE[key] = 1  # guarded
    lock = connection.lock("other")
    with lock:
        CACHE[key] = 2  # guarded
