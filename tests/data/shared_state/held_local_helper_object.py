# ruff: noqa
from celery import shared_task


class Builder:
    defaults = {"a": 1}
    parts = []

    def __init__(self):
        self.parts = []
        self.options = dict(self.defaults)

    def add(self, part):
        self.parts.append(part)
        self.options["x"] = part
        return self


@shared_task
def work(x):
    return Builder().add(x).add(x).parts
