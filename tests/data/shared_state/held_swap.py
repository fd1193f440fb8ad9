# ruff: noqa
from celery import shared_task

CURRENT = {"mode": "a"}
OLD = {}


@shared_task
def work():
    CURRENT["mode"], OLD["mode"] = "b", CURRENT["mode"]  # expect: module-object
    for key in list(OLD):
        del OLD[key]  # expect: module-object
    for CURRENT["mode"] in "xyz":  # expect: module-object
        pass
