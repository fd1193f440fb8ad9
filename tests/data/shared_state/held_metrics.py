# ruff: noqa
from celery import shared_task

from prometheus_client import Counter as Metric

DONE = Metric("done", "tasks done")
rates: dict[str, float] = {}


@shared_task
def work(name):
    DONE.inc()
    DONE.labels(name).inc()
    rates[name] = rates.get(name, 0) + 1  # expect: module-object
