# ruff: noqa
from celery import shared_task

from functools import cache, lru_cache


@lru_cache(maxsize=None)  # expect: cache
def load(key):
    return key


@cache  # expect: cache
def rates():
    return {}


@lru_cache
def unused():
    return 1


@shared_task
def work(key):
    return load(key), rates()
