"""Three tasks, each on a queue of its own. The settings are what qtopo emitted."""

from celery import Celery

app = Celery("simple")
app.config_from_object("simple.celeryconfig")


@app.task(name="simple.cleanup")
def cleanup() -> str:
    return "clean"


@app.task(name="simple.emails.send")
def send(address: str = "someone@example.org") -> str:
    return f"sent to {address}"


@app.task(name="simple.reports.build")
def build(rows: int = 1000) -> int:
    return sum(range(rows))
