# ruff: noqa
from celery import shared_task

import json
import re

PATTERN = re.compile("x")
TEXT = "a,b"
NUMBERS = [1, 2, 3]


@shared_task
def work(raw):
    data = json.loads(raw)
    data["x"] = PATTERN.sub("y", TEXT)
    data.update(n=sum(NUMBERS))
    first, *rest = NUMBERS
    rest.append(first)
    part = NUMBERS[1:]
    part.append(4)
    joined = NUMBERS + [5]
    joined.append(6)
    return data
