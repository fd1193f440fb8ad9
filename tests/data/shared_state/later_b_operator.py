# ruff: noqa
from celery import shared_task


class Bag:
    def __init__(self):
        self.items = []

    def __iadd__(self, other):
        self.items.append(other)
        return self


BAG = Bag()
TOTAL = [0]


@shared_task
def work(x):
    TOTAL[0] += x  # expect: module-object
    first, TOTAL[0] = 1, 2  # expect: module-object
    BAG.items += [x]  # expect: module-object
