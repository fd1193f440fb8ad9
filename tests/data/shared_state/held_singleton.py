# ruff: noqa
from celery import shared_task


class Pool:
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)  # expect: class-attribute
        return cls._instance

    @classmethod
    def shared(cls):
        if not cls._instance:
            cls._instance = cls()  # expect: class-attribute
        return cls._instance


@shared_task
def work():
    return Pool.shared()
