# ruff: noqa
from celery import shared_task

COUNT = 0


@shared_task
def count():
    global COUNT
    COUNT += 1  # expect: global
