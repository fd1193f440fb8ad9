# ruff: noqa
import threading

from celery import shared_task

slots = threading.BoundedSemaphore(3)
changed = threading.Condition()
items = []


@shared_task
def put(x):
    with changed:
        items.append(x)  # guarded
        changed.notify()
    with slots:
        items.append(x)  # expect: module-object
