"""One random graph on a virtual transport of kombu's, and what came of each message."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from kombu import Exchange, Queue

from qtopo.routing.delivery import Deliveries
from qtopo.routing.topics import virtual_pattern

if TYPE_CHECKING:
    import random

    from kombu import Connection

    import graphs
    from qtopo.topology.topology import Topology

CRASHES = ("a.**", "**", "*.***")
"""Binding keys of which kombu makes no regular expression."""


def crash_now_and_then(rng: random.Random, data: dict[str, Any]) -> bool:
    """Break a binding of one graph in five; says whether any is broken, by chance too."""
    if rng.random() < 0.2:
        queue = rng.choice(list(data["queues"].values()))
        rng.choice(queue["bindings"])["routing_key"] = rng.choice(CRASHES)
    return not all(
        compiles(one["routing_key"])
        for queue in data["queues"].values()
        for one in queue["bindings"]
        if data["exchanges"][one["exchange"]]["type"] == "topic"
    )


def compiles(binding_key: str) -> bool:
    try:
        re.compile(virtual_pattern(binding_key))
    except re.error:
        return False
    return True


def declare(connection: Connection, topology: Topology) -> Any:
    """Declare everything; returns the channel. Bindings of types unknown to kombu are left out."""
    channel = connection.channel()
    for name, exchange in topology.wiring.exchanges.items():
        Exchange(name, exchange.type, channel=channel).declare()
    for name in topology.queues:
        Queue(name, channel=channel).queue_declare()
        for one in topology.wiring.bindings[name]:
            try:
                channel.queue_bind(name, one.exchange, one.routing_key)
            except KeyError:
                assert topology.wiring.exchange_type(one.exchange) == "headers"
    return channel


def publish(channel: Any, producer: Any, one: graphs.Message) -> str | None:
    """Publish as Celery does, with retries; returns the name of what was raised."""
    try:
        with warnings.catch_warnings():
            # kombu warns of what it files in the dead-letter queue.
            warnings.simplefilter("ignore")
            producer.publish(
                "x",
                exchange=one.exchange,
                routing_key=one.key,
                retry=True,
                retry_policy={"max_retries": 0},
            )
    except Exception as error:
        module = type(error).__module__
        return "re.error" if module in ("re", "sre_constants") else type(error).__name__
    return None


def compare(
    topology: Topology, connection: Connection, messages: list[graphs.Message], lengths: Any
) -> Counter[str]:
    """Publish one by one and compare; `lengths(channel, names)` empties queues. Counts outcomes."""
    channel = declare(connection, topology)
    producer = connection.Producer(channel)
    deliveries = Deliveries(topology)
    outcomes: Counter[str] = Counter()
    for one in messages:
        expected = deliveries.trace(*one)
        raised = publish(channel, producer, one)
        came = lengths(channel, {*topology.queues, one.key, "unrouted"})
        assert raised == (expected.refused and expected.refused.error), (one, raised, expected)
        assert came == dict.fromkeys((*expected.queues, *expected.undeclared), 1), one
        if not raised:
            assert deliveries.queues(*one) == expected.queues
        outcomes[raised or ("delivered" if came else "dropped")] += 1
    return outcomes


def subscribe(
    connection: Connection, topology: Topology, name: str, came: dict[str, set[str]]
) -> None:
    """Consume one queue, and note under the key of each message that it came."""
    (binding,) = topology.wiring.bindings[name]
    kind = topology.wiring.exchange_type(binding.exchange)
    queue = Queue(name, Exchange(binding.exchange, kind), binding.routing_key)

    def note(_: Any, got: Any) -> None:
        came[got.delivery_info["routing_key"]].add(name)

    connection.Consumer([queue], callbacks=[note], no_ack=True).consume()
    drain(connection)


def drain(connection: Connection) -> None:
    with contextlib.suppress(TimeoutError):
        while True:
            connection.drain_events(timeout=0.1)
