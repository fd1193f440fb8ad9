# ruff: noqa
from celery import shared_task

import config


class Flags:
    on = False


@shared_task
def work(name):
    setattr(Flags, name, True)  # expect: class-attribute
    setattr(config, "MODE", name)  # expect: module-attribute
    flags = Flags()
    setattr(flags, name, True)
