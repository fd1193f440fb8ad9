# ruff: noqa
import bisect
import heapq
import random

from celery import shared_task

HEAP = []
ORDERED = []
DECK = [1, 2, 3]


@shared_task
def push(x):
    heapq.heappush(HEAP, x)  # expect: module-object
    bisect.insort(ORDERED, x)  # expect: module-object
    random.shuffle(DECK)  # expect: module-object
    own = list(DECK)
    random.shuffle(own)
    heapq.heapify(own)
    return heapq.nsmallest(1, HEAP)
