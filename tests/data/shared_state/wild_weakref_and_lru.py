# ruff: noqa
import functools
import weakref

from celery import shared_task

_live = weakref.WeakValueDictionary()


class Session:
    @functools.cached_property
    def token(self):
        return "x"


@functools.lru_cache(maxsize=1)  # expect: cache
def session():
    return Session()


@shared_task
def work(key):
    one = session()
    _live[key] = one  # expect: module-object
    return one.token
