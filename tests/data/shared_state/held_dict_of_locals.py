# ruff: noqa
from celery import shared_task

HANDLERS = {"a": len, "b": str}
ORDER = ("a", "b")


@shared_task
def work(kind, value):
    handler = HANDLERS[kind]
    result = {}
    for name in ORDER:
        result[name] = handler(value)
    data = [*HANDLERS]
    data.sort()
    text = "".join(sorted(HANDLERS))
    return result, data, text
