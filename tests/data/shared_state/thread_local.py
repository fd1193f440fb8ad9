# ruff: noqa
from celery import shared_task

import threading
from contextvars import ContextVar

local = threading.local()
current = ContextVar("current")


@shared_task
def work(x):
    local.value = x
    local.rows = []
    local.rows.append(x)
    token = current.set(x)
    current.reset(token)
