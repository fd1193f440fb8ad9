# ruff: noqa
from celery import shared_task

ROWS = [1, 2]


@shared_task
def work(rows):
    names = {ROWS: 1 for ROWS in rows}
    names["x"] = 2
    squares = [row * row for row in rows]
    squares.append(4)
    return names
