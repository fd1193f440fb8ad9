# ruff: noqa
from celery import shared_task

import redis
from django.core.cache import cache

client = redis.Redis()


@shared_task
def work(key):
    client.set(key, 1)
    client.append(key, "x")
    cache.set(key, 1)
    cache.add(key, 1)
    cache.clear()
    client.pipeline().update(1)
