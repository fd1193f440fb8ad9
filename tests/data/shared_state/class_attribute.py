# ruff: noqa
from celery import shared_task


class Registry:
    items = {}
    count = 0


@shared_task
def work(key):
    Registry.items[key] = 1  # expect: class-attribute
    Registry.count += 1  # expect: class-attribute
