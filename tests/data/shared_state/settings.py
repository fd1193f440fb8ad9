# ruff: noqa
from celery import shared_task

from django.conf import settings


@shared_task
def work():
    settings.DEBUG = True  # expect: settings
    settings.INSTALLED_APPS.append("x")  # expect: settings
    mode = settings.MODE
    return mode
