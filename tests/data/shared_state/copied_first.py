# ruff: noqa
from celery import shared_task

from copy import deepcopy

DEFAULTS = {"a": 1}


@shared_task
def work(more):
    one = DEFAULTS.copy()
    one.update(more)
    two = dict(DEFAULTS)
    two["b"] = 2
    three = {**DEFAULTS}
    three.pop("a")
    four = deepcopy(DEFAULTS)
    four["a"] = 2
    return one, two, three, four
