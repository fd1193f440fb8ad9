# ruff: noqa
from celery import shared_task

import threading

TOTAL = 0
lock = threading.RLock()


def _add(x):
    global TOTAL
    TOTAL += x  # expect: global


@shared_task
def careful(x):
    with lock:
        _add(x)


@shared_task
def careless(x):
    _add(x)
