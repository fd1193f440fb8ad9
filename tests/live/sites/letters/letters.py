"""Tasks that are refused, and some that are not."""

from celery import Celery
from celery.exceptions import Reject

app = Celery("letters")
app.config_from_object("celeryconfig")


@app.task(name="letters.refuse")
def refuse():
    raise Reject("not today", requeue=False)


@app.task(name="letters.write")
def write():
    return "written"


@app.task(name="letters.north")
def north():
    return "north"


@app.task(name="letters.south")
def south():
    return "south"


@app.task(name="letters.event")
def event():
    return "event"


@app.task(name="letters.slow")
def slow():
    return "slow"
