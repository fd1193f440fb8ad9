# ruff: noqa
from celery import shared_task

_MEMO = {}


def memoized(n):
    try:
        return _MEMO[n]
    except KeyError:
        pass
    result = _MEMO[n] = n * n  # expect: module-object
    return result


@shared_task
def work(values):
    return [memoized(value) for value in values]
