# ruff: noqa
from celery import shared_task

from contextlib import suppress

from django.db import transaction

ROWS = []


@shared_task
def work(x):
    with suppress(ValueError):
        ROWS.append(x)  # expect: module-object
    with transaction.atomic():
        ROWS.append(x)  # expect: module-object
    with open("f") as handle:
        handle.write("x")
