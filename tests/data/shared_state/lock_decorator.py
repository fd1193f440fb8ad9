# ruff: noqa
from celery import shared_task

from shop.locks import synchronized

TOTAL = {}


@synchronized("total")
def _add(key):
    TOTAL[key] = 1  # guarded


@shared_task
def work(key):
    _add(key)
