# ruff: noqa
from celery import shared_task


@shared_task
def work(self, x):
    self.last = x
    return self
