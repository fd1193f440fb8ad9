# ruff: noqa
from celery import shared_task

from dataclasses import dataclass, field


@dataclass
class State:
    hits: int = 0
    seen: list = field(default_factory=list)


STATE = State()


@shared_task
def work(x):
    STATE.hits += 1  # expect: module-object
    STATE.seen.append(x)  # expect: module-object
    mine = State()
    mine.hits += 1
    mine.seen.append(x)
