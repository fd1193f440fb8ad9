# ruff: noqa
from celery import shared_task

import threading

TOTAL = 0
lock = threading.RLock()


def _add(x):
    global TOTAL
    TOTAL += x  # guarded


@shared_task
def work(x):
    with lock:
        _add(x)
