"""Tasks that do nothing: where they do it is the question."""

from celery import Celery

app = Celery("pools")
app.config_from_object("celeryconfig")


@app.task(name="pools.ping")
def ping(parts=()):
    return ["ping", *sorted(parts)]


@app.task(name="pools.tick")
def tick():
    return "tick"


@app.task(name="pools.mail.send")
def send(name="nothing"):
    return f"mailed {name}"


@app.task(name="pools.mail.archive")
def archive():
    return "archived"


@app.task(name="pools.audit.order")
def order(name="nothing"):
    return f"noted {name}"


@app.task(name="pools.audit.refund")
def refund(*_):
    return "refunded"


@app.task(name="pools.audit.look")
def look(*_):
    return "looked"


@app.task(name="pools.download")
def download(name="file"):
    return name


@app.task(name="pools.news")
def news():
    return None


def workflow(name):
    """The workflow `order` of the topology."""
    from celery import chain, chord, group

    return chain(
        download.s(name),
        chord([send.s(), order.s()], ping.s()),
        group(look.s(), refund.s()),
    )
