# ruff: noqa
from celery import shared_task
from django.conf import settings
from django.core.cache import cache


@shared_task
def warm(keys):
    for key in keys:
        cache.set(key, 1, settings.TTL)
    cache.delete("old")
    cache.clear()
    settings.DEBUG = False  # expect: settings
