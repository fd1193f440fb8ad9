# ruff: noqa
from celery import shared_task


@shared_task
def work(name, value):
    globals()[name] = value  # expect: global
    locals()["x"] = value
    vars().update(x=1)
