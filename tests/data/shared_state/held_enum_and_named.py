# ruff: noqa
from celery import shared_task

from collections import namedtuple
from enum import Enum

Point = namedtuple("Point", "x y")
ORIGIN = Point(0, 0)


class Color(Enum):
    RED = "red"


@shared_task
def work(x):
    point = ORIGIN._replace(x=x)
    color = Color.RED
    return point, color.value
