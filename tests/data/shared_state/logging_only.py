# ruff: noqa
from celery import shared_task

import logging

from celery.utils.log import get_task_logger

logger = get_task_logger(__name__)
log = logging.getLogger(__name__)


@shared_task
def work(x):
    logger.info("x %s", x)
    log.setLevel(logging.DEBUG)  # expect: process-state
    logger.extra = x
