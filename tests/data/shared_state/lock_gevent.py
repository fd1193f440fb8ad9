# ruff: noqa
from celery import shared_task

from gevent.lock import BoundedSemaphore, Semaphore

ROWS = []
one = BoundedSemaphore(1)
several = Semaphore(8)


@shared_task
def work(x):
    with one:
        ROWS.append(x)  # guarded
    with several:
        ROWS.append(x)  # expect: module-object
