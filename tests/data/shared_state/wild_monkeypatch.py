# ruff: noqa
import socket

import requests
from celery import shared_task


@shared_task
def work(url):
    socket.setdefaulttimeout(5)  # expect: process-state
    requests.adapters.DEFAULT_RETRIES = 5  # expect: module-attribute
    session = requests.Session()
    session.headers["X"] = "y"
    return session.get(url)
