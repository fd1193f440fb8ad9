# ruff: noqa
from celery import shared_task

ROWS = [{"n": 0}]


@shared_task
def work():
    rows = sorted(ROWS, key=lambda row: row["n"])
    rows.append({"n": 1})
    reverse = [dict(row) for row in ROWS]
    for row in reverse:
        row["n"] = 2
    return rows
