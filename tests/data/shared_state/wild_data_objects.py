# ruff: noqa
import dataclasses
from typing import NamedTuple

from celery import shared_task


@dataclasses.dataclass
class Options:
    retries: int = 3
    tags: list = dataclasses.field(default_factory=list)


class Point(NamedTuple):
    x: int


DEFAULTS = Options()


@shared_task
def work(tag):
    options = dataclasses.replace(DEFAULTS, retries=1)
    options.retries = 2
    mine = Options()
    mine.tags.append(tag)
    DEFAULTS.tags.append(tag)  # expect: module-object
    return Point(1)._replace(x=2)
