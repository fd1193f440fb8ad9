# ruff: noqa
from celery import shared_task

from . import store
from .store import TABLE, remember


@shared_task
def work(key):
    remember(key)
    TABLE["again"] = 1  # expect: module-object
    store.MODE = "fast"  # expect: module-attribute
    store.TABLE.pop(key)  # expect: module-object
