# ruff: noqa
from celery import shared_task

DONE = []


def a(x):
    DONE.append(x)  # expect: module-object


def b(x):
    DONE.clear()  # expect: module-object


ACTIONS = {"a": a, "b": b}


@shared_task
def work(kind, x):
    ACTIONS[kind](x)
