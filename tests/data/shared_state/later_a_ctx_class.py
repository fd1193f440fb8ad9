# ruff: noqa
from celery import shared_task

ACTIVE = []


class Span:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        ACTIVE.append(self.name)  # expect: module-object
        return self

    def __exit__(self, *args):
        ACTIVE.pop()  # expect: module-object


@shared_task
def work(x):
    with Span("x") as span:
        return span.name
