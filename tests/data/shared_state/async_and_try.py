# ruff: noqa
from celery import shared_task

CACHE = {}


@shared_task
def work(key):
    try:
        value = CACHE[key]
    except KeyError:
        value = CACHE[key] = key  # expect: module-object
    else:
        CACHE["hits"] = 1  # expect: module-object
    finally:
        CACHE["calls"] = 1  # expect: module-object
    match value:
        case "x":
            CACHE.clear()  # expect: module-object
    while value:
        CACHE.popitem()  # expect: module-object
        break
    return value
