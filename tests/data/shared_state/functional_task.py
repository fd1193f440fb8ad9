# ruff: noqa
from shop.celery import app

ROWS = []


def work(x):
    ROWS.append(x)  # expect: module-object


registered = app.task(name="shop.work")(work)
