# ruff: noqa
import threading

from celery import shared_task

_guard = threading.RLock()
_table = {}


@shared_task
def work(key):
    _guard.acquire()
    try:
        _table[key] = 1  # guarded
    finally:
        _guard.release()
    _table.pop(key, None)  # expect: module-object
