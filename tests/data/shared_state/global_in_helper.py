# ruff: noqa
from celery import shared_task

STATE = None


def _remember(value):
    global STATE
    STATE = value  # expect: global


def _indirect(value):
    _remember(value)


@shared_task
def work(value):
    _indirect(value)
