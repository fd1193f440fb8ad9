# ruff: noqa
from celery import shared_task


def helper(x):
    helper.calls = x  # expect: function-attribute
    return x


@shared_task
def work(x):
    work.last = x  # expect: function-attribute
    return helper(x)
