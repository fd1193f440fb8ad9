# ruff: noqa
from contextvars import ContextVar

from celery import shared_task

request_id = ContextVar("request_id", default=None)


@shared_task
def work(value):
    token = request_id.set(value)
    try:
        return request_id.get()
    finally:
        request_id.reset(token)
