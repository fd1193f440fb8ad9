# ruff: noqa
from celery import shared_task

PLUGINS = {}


def register(name):
    def decorate(function):
        PLUGINS[name] = function
        return function

    return decorate


@register("upper")
def upper(text):
    return text.upper()


@shared_task
def run(name, text):
    return PLUGINS[name](text)
