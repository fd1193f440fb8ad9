"""The help desk: what is urgent is in redis-priorities.toml, not in the code."""

from celery import Celery

app = Celery("helpdesk")
app.config_from_object("redis_priorities.celeryconfig")


@app.task(name="helpdesk.tickets.outage")
def outage(ticket: int = 1) -> str:
    return f"outage {ticket}"


@app.task(name="helpdesk.tickets.reply")
def reply(ticket: int = 1) -> str:
    return f"reply {ticket}"


@app.task(name="helpdesk.digest.send")
def digest() -> str:
    return "digest"


@app.task(name="helpdesk.index.update")
def update() -> str:
    return "indexed"
