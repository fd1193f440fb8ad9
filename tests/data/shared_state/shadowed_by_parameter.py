# ruff: noqa
from celery import shared_task

CACHE = {}


@shared_task
def work(CACHE):
    CACHE["x"] = 1
    return CACHE
