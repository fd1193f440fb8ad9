# ruff: noqa
from celery import shared_task

import logging
import warnings

log = logging.getLogger(__name__)
_warned = set()


def warn_once(message):
    if message in _warned:
        return
    _warned.add(message)  # expect: module-object
    warnings.warn(message)
    log.handlers.append(None)


@shared_task
def work():
    warn_once("slow")
