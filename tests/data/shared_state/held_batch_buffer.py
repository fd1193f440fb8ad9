# ruff: noqa
from celery import shared_task

import threading
import time

_buffer = []
_last = time.time()
_buffer_lock = threading.Lock()


def flush():
    global _buffer, _last
    rows, _buffer = _buffer, []  # expect: global
    _last = time.time()  # expect: global
    return rows


@shared_task
def collect(row):
    with _buffer_lock:
        _buffer.append(row)  # guarded
    if len(_buffer) > 10:
        flush()
