# ruff: noqa
from celery import shared_task

A = []
B = {}


@shared_task
def work(x):
    if (rows := A) and x:
        rows.append(x)  # expect: module-object
    one, two = A, B
    two[x] = 1  # expect: module-object
    B["k"], *rest = x  # expect: module-object
    return one, rest
