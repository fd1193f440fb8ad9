# ruff: noqa
from celery import shared_task

ACCOUNTS = {"a": {"used": 0}, "b": {"used": 0}}
HANDLERS = [{"calls": 0}]


@shared_task
def reset():
    for account in ACCOUNTS.values():
        account["used"] = 0  # expect: module-object
    for _, account in ACCOUNTS.items():
        account["used"] += 1  # expect: module-object
    for index, handler in enumerate(HANDLERS):
        handler["calls"] = index  # expect: module-object
    for row in [{}, {}]:
        row["x"] = 1
