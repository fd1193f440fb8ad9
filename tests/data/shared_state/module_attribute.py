# ruff: noqa
from celery import shared_task

import decimal
import os
import sys

import requests


@shared_task
def work():
    requests.adapters.DEFAULT_RETRIES = 5  # expect: module-attribute
    sys.setrecursionlimit(5000)  # expect: process-state
    os.environ["LANG"] = "C"  # expect: process-state
    os.environ.setdefault("X", "1")  # expect: process-state
    os.chdir("/tmp")  # expect: process-state
    decimal.getcontext().prec = 5
    sys.path.insert(0, "x")  # expect: process-state
    return os.environ["LANG"]
