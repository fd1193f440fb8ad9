"""Tasks that say when they begin and when they are done."""

import time
from pathlib import Path

from celery import Celery

app = Celery("stopping")
app.config_from_object("celeryconfig")


@app.task(name="stopping.nap")
def nap(seconds, mark):
    _nap(seconds, mark)


@app.task(name="stopping.late", acks_late=True)
def late(seconds, mark):
    _nap(seconds, mark)


def _nap(seconds, mark):
    Path(f"{mark}.begun").touch()
    time.sleep(seconds)
    Path(f"{mark}.done").touch()
