# ruff: noqa
from celery import shared_task

import heapq
import random

ROWS = [3, 1, 2]
HEAP = []


@shared_task
def work(x):
    ROWS.sort()  # expect: module-object
    heapq.heappush(HEAP, x)  # expect: module-object
    random.shuffle(ROWS)  # expect: module-object
    ROWS[:] = []  # expect: module-object
