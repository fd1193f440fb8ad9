# ruff: noqa
from celery import shared_task

from threading import Lock

CACHE = {}
LOCK = Lock()


@shared_task
def work(key):
    LOCK.acquire()
    try:
        CACHE[key] = 1  # guarded
    finally:
        LOCK.release()
    CACHE[key] = 2  # expect: module-object


@shared_task
def maybe(key):
    if not LOCK.acquire(blocking=False):
        return
    CACHE[key] = 3  # guarded
