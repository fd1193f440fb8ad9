# ruff: noqa
from celery import shared_task

CONFIG = {"a": 1}
FLAGS = set()
NUMBERS = [1]


@shared_task
def merge(more):
    config = CONFIG | more
    config["b"] = 2
    flags = FLAGS
    flags |= {1}  # expect: module-object
    numbers = NUMBERS[:]
    numbers += [2]
    copied = {**CONFIG}
    copied.update(more)
    return config, numbers, copied
