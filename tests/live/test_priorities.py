"""Messages wait in the order of their urgency, on RabbitMQ and on Redis: 9 is served first."""

from __future__ import annotations

import pytest
from fleet import HERE, running

pytestmark = pytest.mark.broker

# As they are sent; what is as urgent keeps this order.
SENT = [
    "three",
    "unset",
    "nine",
    "zero",
    "six",
    "four",
    "one",
    "nobody",
    "eight",
    "two",
    "seven",
    "five",
]
SERVED = [
    "nine",
    "eight",
    "seven",
    "six",
    "five",
    "unset",
    "four",
    "nobody",
    "three",
    "two",
    "one",
    "zero",
]


@pytest.mark.parametrize("transport", ["rabbitmq", "redis"])
def test_a_worker_serves_the_most_urgent_first(transport, make_site, request):
    overlay = [] if transport == "rabbitmq" else ["--env", "redis"]
    broker = request.getfixturevalue("redis_broker" if overlay else "rabbitmq_url")
    site = make_site(HERE / "sites" / "priorities", PRIORITIES_BROKER_URL=broker)
    site.qtopo("emit", *overlay, "celeryconfig.py")
    known = {"how": "delay", "app": "priorities:app", "wait": False}
    foreign = {"how": "send_task", "config": "celeryconfig", "wait": False}
    # One message of each from the application, then one from a program that knows no task.
    both = [{**how, "task": f"p.{word}"} for how in (known, foreign) for word in SENT]
    site.send(*both)
    with running(site, "topology.toml", *overlay) as fleet:
        fleet.until(lambda: len(site.notes("started")) >= len(both))
        served = [one["task"].removeprefix("p.") for one in site.notes("started")]
    level = {word: 4 if word in ("unset", "nobody", "four") else 0 for word in SENT}
    twice = []
    for word in SERVED:
        if level[word] == 0:
            twice += [word, word]
        elif word == "unset":
            twice += ["unset", "four", "nobody"] * 2
    assert served == twice
