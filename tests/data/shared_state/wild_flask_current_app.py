# ruff: noqa
from celery import shared_task
from flask import current_app, g


@shared_task
def work(x):
    g.user = x
    current_app.config["MODE"] = x  # expect: module-attribute
    return current_app.config["MODE"]
