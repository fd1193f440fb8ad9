# ruff: noqa
from celery import shared_task

import queue

todo = queue.Queue()


@shared_task
def work(x):
    todo.put(x)
    return todo.get()
