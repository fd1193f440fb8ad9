# ruff: noqa
from celery import shared_task

_CONN = None
_OPTS = {}


def state():
    return _CONN, _OPTS


def opts():
    return _OPTS


@shared_task
def work(x):
    mine = opts()
    mine["x"] = x  # expect: module-object
    fresh = dict(opts())
    fresh["y"] = x
