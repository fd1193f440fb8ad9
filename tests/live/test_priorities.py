"""Messages wait in the order of their urgency, on RabbitMQ and on Redis: 9 is served first."""

from __future__ import annotations

import pytest
from fleet import HERE, running

pytestmark = pytest.mark.broker

URGENCY = {
    "three": 3,
    "unset": 4,
    "nine": 9,
    "zero": 0,
    "six": 6,
    "four": 4,
    "one": 1,
    "nobody": 4,
    "eight": 8,
    "two": 2,
    "seven": 7,
    "five": 5,
}
"""In the order in which they are sent; a task without a priority counts as 4."""


@pytest.mark.parametrize("transport", ["rabbitmq", "redis"])
def test_a_worker_serves_the_most_urgent_first(transport, make_site, request):
    overlay = [] if transport == "rabbitmq" else ["--env", "redis"]
    broker = request.getfixturevalue("redis_broker" if overlay else "rabbitmq_url")
    site = make_site(HERE / "sites" / "priorities", PRIORITIES_BROKER_URL=broker)
    site.qtopo("emit", *overlay, "celeryconfig.py")
    known = {"how": "delay", "app": "priorities:app", "wait": False}
    foreign = {"how": "send_task", "config": "celeryconfig", "wait": False}
    # One message of each from the application, then one from a program that knows no task.
    both = [{**how, "task": f"p.{word}"} for how in (known, foreign) for word in URGENCY]
    site.send(*both)
    with running(site, "topology.toml", *overlay) as fleet:
        fleet.until(lambda: len(site.notes("started")) >= len(both))
        served = [one["task"].removeprefix("p.") for one in site.notes("started")]
    # What is as urgent is served in the order it was sent: sorting keeps it.
    sent = [one["task"].removeprefix("p.") for one in both]
    assert served == sorted(sent, key=URGENCY.__getitem__, reverse=True)
