# ruff: noqa
from celery import shared_task

ERRORS = []


def on_error(message):
    ERRORS.append(message)  # expect: module-object


def convert(rows, failed):
    out = []
    for row in rows:
        if row is None:
            failed("bad row")
        out.append(row)
    return out


@shared_task
def load(rows):
    return convert(rows, failed=on_error)
