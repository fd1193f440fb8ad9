# ruff: noqa
from celery import shared_task


class Registry:
    def __init__(self):
        self.items = {}
        self.last = None

    def put(self, key):
        self.items[key] = True  # expect: module-object
        self.last = key  # expect: module-object

    def get(self, key):
        found = self.items.get(key)
        return found


registry = Registry()


@shared_task
def work(key):
    registry.put(key)
    registry.get(key)
    registry.mode = "x"  # expect: module-object
