# ruff: noqa
from celery import shared_task


class Counter:
    every = []

    def __init__(self, name):
        self.name = name
        self.every.append(name)  # expect: class-attribute

    def tick(self):
        Counter.every.append(1)  # expect: class-attribute


@shared_task
def work():
    one = Counter("x")
    one.tick()
