# ruff: noqa
from celery import shared_task


@shared_task
def work():
    import config

    config.MODE = "fast"  # expect: module-attribute
    from config import TABLE

    return TABLE
