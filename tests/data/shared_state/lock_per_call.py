# ruff: noqa
from celery import shared_task

import threading

CACHE = {}


@shared_task
def work(key):
    lock = threading.Lock()
    with lock:
        CACHE[key] = 1  # expect: module-object
    with threading.Lock():
        CACHE[key] = 2  # expect: module-object
