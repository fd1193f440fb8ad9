# ruff: noqa
from celery import shared_task


@shared_task
def work(rows):
    total = 0
    found = []

    def take(row):
        nonlocal total
        total += row
        found.append(row)

    for row in rows:
        take(row)
    return total, found
