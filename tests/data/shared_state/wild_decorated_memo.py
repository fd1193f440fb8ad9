# ruff: noqa
import functools

from celery import shared_task


def memoize(function):
    known = {}

    @functools.wraps(function)
    def inner(key):
        if key not in known:
            known[key] = function(key)  # expect: closure
        return known[key]

    return inner


@memoize
def price(key):
    return key


@shared_task
def quote(key):
    return price(key)
