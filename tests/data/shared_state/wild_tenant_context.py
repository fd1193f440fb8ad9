# ruff: noqa
import contextlib

from celery import shared_task

_current = {"tenant": None}


@contextlib.contextmanager
def tenant(name):
    before = _current["tenant"]
    _current["tenant"] = name  # expect: module-object
    try:
        yield
    finally:
        _current["tenant"] = before  # expect: module-object


@shared_task
def bill(name):
    with tenant(name):
        return _current["tenant"]
