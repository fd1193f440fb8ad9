# ruff: noqa
from celery import shared_task

ITEM = []


@shared_task
def work(rows):
    for ITEM in rows:
        ITEM.append(1)
    with open("f") as ITEM:
        ITEM.write("x")
