# ruff: noqa
from celery import shared_task

RESULTS = []


@shared_task
def work(x):
    RESULTS = []
    RESULTS.append(x)
    return RESULTS
