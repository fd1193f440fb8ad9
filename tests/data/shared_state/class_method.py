# ruff: noqa
from celery import shared_task


class Cache:
    entries = {}
    hits = 0

    @classmethod
    def put(cls, key, value):
        cls.entries[key] = value  # expect: class-attribute
        cls.hits += 1  # expect: class-attribute

    @staticmethod
    def size(entries):
        entries["size"] = 1
        return entries


@shared_task
def work(key):
    Cache.put(key, 1)
    Cache.size({})
