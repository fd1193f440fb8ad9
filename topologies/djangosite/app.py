"""The Celery application of a Django site, as Celery's documentation writes it."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djangosite.settings")

app = Celery("djangosite")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="accounts.tasks.send_welcome")
def send_welcome(user: int = 1) -> str:
    return f"welcome {user}"


@app.task(name="accounts.tasks.forget_sessions")
def forget_sessions() -> str:
    return "forgotten"


@app.task(name="catalog.tasks.import_feed")
def import_feed() -> str:
    return "imported"
