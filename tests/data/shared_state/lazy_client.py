# ruff: noqa
from celery import shared_task

_client = None


def client():
    global _client
    if _client is None:
        _client = object()  # expect: global
    return _client


@shared_task
def send():
    return client()
