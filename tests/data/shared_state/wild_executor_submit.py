# ruff: noqa
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from celery import shared_task

FAILED = []


def handle(tag, item):
    FAILED.append((tag, item))  # expect: module-object


def fine(item):
    out = []
    out.append(item)
    return out


@shared_task
def spread(items):
    with ThreadPoolExecutor() as pool:
        list(pool.map(fine, items))
        for item in items:
            pool.submit(handle, "x", item)
