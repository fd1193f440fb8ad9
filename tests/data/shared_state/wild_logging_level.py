# ruff: noqa
import logging
import os
import random
import signal
import sys

from celery import shared_task

logger = logging.getLogger(__name__)


@shared_task
def noisy(path, debug=False):
    if debug:
        logger.setLevel(logging.DEBUG)  # expect: process-state
    sys.path.insert(0, path)  # expect: process-state
    os.chdir(path)  # expect: process-state
    random.seed(1)  # expect: process-state
    os.environ["TMPDIR"] = path  # expect: process-state
    signal.alarm(5)
    logger.info("done")
