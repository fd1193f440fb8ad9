# ruff: noqa
from celery import shared_task

from celery_once import QueueOnce

ROWS = []


@shared_task(base=QueueOnce)
def work(x):
    ROWS.append(x)  # expect: module-object
