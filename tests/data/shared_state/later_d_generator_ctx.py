# ruff: noqa
from contextlib import contextmanager, suppress

from celery import shared_task

STACK = []
DEPTH = {"n": 0}


@contextmanager
def pushed(x):
    STACK.append(x)  # expect: module-object
    yield
    STACK.remove(x)  # expect: module-object


@shared_task
def work(x):
    with pushed(x), suppress(KeyError):
        DEPTH["n"] += 1  # expect: module-object
    try:
        DEPTH.pop("x")  # expect: module-object
    except KeyError:
        del DEPTH["n"]  # expect: module-object
