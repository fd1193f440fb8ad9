# ruff: noqa
from celery import shared_task

CONFIG = {"a": {"n": 0}}
ROWS = [{"n": 0}]


@shared_task
def work(key):
    CONFIG[key]["n"] += 1  # expect: module-object
    entry = CONFIG.get(key)
    entry["n"] = 5  # expect: module-object
    for row in ROWS:
        row["n"] = 0  # expect: module-object
