"""What the rules call refused, RabbitMQ refuses, and nothing else: the broker is the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from amqp.exceptions import AMQPError
from kombu import Connection

from qtopo.rules import engine, queues
from qtopo.rules.rabbitmq import REFUSED, arguments, verdict
from qtopo.topology.app import Broker
from qtopo.topology.finding import ERROR, WARNING
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "probe"
VALUES: dict[str, list[Any]] = {
    "x-max-priority": [5, 0, 255, 256, -1, "5", 5.5, True],
    "x-message-ttl": [0, 5000, -1, "5", 5.5, True],
    "x-expires": [1000, 0, -5, "5"],
    "x-max-length": [0, 5, -1, "5"],
    "x-max-length-bytes": [5, -1, "5"],
    "x-overflow": ["drop-head", "reject-publish", "reject-publish-dlx", "bogus", 1],
    "x-dead-letter-exchange": ["dead", "", 1],
    "x-single-active-consumer": [True, False, "true", 1],
    "x-queue-mode": ["default", "lazy", "bogus", 1],
    "x-queue-version": [1, 2, 3, "2"],
    "x-delivery-limit": [5],
    "x-dead-letter-strategy": ["at-most-once", "at-least-once", "bogus"],
    "x-quorum-initial-group-size": [1, "3"],
    "x-max-in-memory-length": [5],
    "x-max-age": ["1D", "5x", 5],
    "x-stream-max-segment-size-bytes": [1000000],
    "x-initial-cluster-size": [1],
    "x-queue-leader-locator": ["balanced", "bogus"],
    "x-of-our-own": ["anything", 1],
}


def tables() -> Iterator[dict[str, Any]]:
    """Yield tables of a queue: each type with each property, and each argument with each value."""
    for kind in (None, "classic", "quorum", "stream"):
        base: dict[str, Any] = {} if kind is None else {"type": kind}
        yield base
        for key, value in (("durable", False), ("exclusive", True), ("auto_delete", True)):
            yield {**base, key: value}
        yield {**base, "arguments": {"x-dead-letter-routing-key": "dead"}}
        for name, values in VALUES.items():
            for value in values:
                yield {**base, "arguments": {name: value}}
    yield {"arguments": {"x-queue-type": "bogus"}}
    yield {"arguments": {"x-queue-type": 1}}


def findings(table: dict[str, Any], version: str) -> list[str]:
    """Return the errors of the rules about queues; a second queue is all that is used."""
    topology, broken = Topology.from_data(
        {"broker": {"version": version}, "queues": {"celery": {}, NAME: table}}
    )
    assert not broken
    outcome = engine.run(topology, rules=queues.RULES)
    assert not outcome.faults
    return [one.message for one in outcome.findings if one.severity == ERROR]


def declared(table: dict[str, Any], connection: Connection) -> str | None:
    """Declare the queue as kombu would; returns what the broker says against it."""
    topology, _ = Topology.from_data({"queues": {NAME: table}})
    queue = topology.queues[NAME]
    with connection.channel() as channel:
        try:
            channel.queue_declare(
                NAME,
                durable=queue.durable,
                exclusive=queue.exclusive,
                auto_delete=queue.auto_delete,
                arguments={one.name: one.value for one in arguments(queue)},
            )
        except AMQPError as error:
            return str(error)
        channel.queue_delete(NAME)
    return None


def test_rules_and_broker_agree(rabbitmq_url: str) -> None:
    disagree = []
    with Connection(rabbitmq_url) as connection:
        connection.connect()
        version = connection.connection.server_properties["version"]
        for table in tables():
            said = findings(table, version)
            answer = declared(table, connection)
            if bool(said) != (answer is not None):
                disagree.append((table, said, answer))
    assert not disagree, "\n".join(map(str, disagree))


def test_every_refused_argument_is_tried() -> None:
    tried = set(VALUES) | {"x-dead-letter-routing-key"}
    # The first was not known to the oldest broker the tests run against, and the
    # master locator with a wrong value ends the connection.
    tried |= {
        "x-stream-filter-size-bytes",
        "x-queue-master-locator",
        "x-max-in-memory-bytes",
    }
    assert {name for names in REFUSED.values() for name in names} <= tried


@pytest.mark.parametrize(
    ("version", "before", "expected"),
    [
        (None, (4, 3), (WARNING, "RabbitMQ 3.13 to 4.2")),
        (None, (4, 0), (WARNING, "RabbitMQ 3.13")),
        (None, (9, 0), (ERROR, "RabbitMQ")),
        (None, (3, 0), None),
        ("4.2", (4, 3), (ERROR, "RabbitMQ 4.2")),
        ("4.3.1", (4, 3), None),
        ("4", (4, 0), None),
        ("3", (3, 13), (ERROR, "RabbitMQ 3")),
    ],
)
def test_verdicts(
    version: str | None, before: tuple[int, int], expected: tuple[str, str] | None
) -> None:
    assert verdict(Broker(version=version), lambda one: one < before) == expected


def test_a_version_after_the_last_supported_one_is_judged_too() -> None:
    assert verdict(Broker(version="5.0"), lambda one: one >= (4, 3)) is not None
