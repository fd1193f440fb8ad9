# ruff: noqa
from celery import shared_task

ROWS = []
ROWS.append(1)
TABLE = {}
for _name in ("a", "b"):
    TABLE[_name] = 1


@shared_task
def work():
    return ROWS[0], TABLE["a"]
