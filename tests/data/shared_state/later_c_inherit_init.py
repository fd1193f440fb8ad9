# ruff: noqa
from celery import shared_task

SEEN = set()


class Base:
    def __init__(self, name):
        SEEN.add(name)  # expect: module-object


class Child(Base):
    pass


class Deep(Base):
    def __init__(self, name):
        super().__init__(name)
        self.name = name


@shared_task
def work(x):
    Child(x)
    Deep(x)
