"""Who gets a delayed task: kombu's own bindings on a real RabbitMQ are the oracle."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from kombu import Connection, Exchange, Producer, Queue
from kombu.transport.native_delayed_delivery import (
    bind_queue_to_native_delayed_delivery_exchange,
    calculate_routing_key,
    declare_native_delayed_delivery_exchanges_and_queues,
)

from qtopo.routing.delivery import deliver
from qtopo.rules import engine
from qtopo.rules.delayed.delay_headers_exchange import DelayHeadersExchange
from qtopo.rules.delayed.delay_key_collision import DelayKeyCollision
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 60
KEYS = ("a", "b", "a.b", "b.a", "x.a.b", "a.*", "*.b", "a.#", "#", "#.b")


def pairs() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield two queues as (exchange, key), the same ones in every run."""
    rnd = random.Random(7)
    for _ in range(ROUNDS):
        yield tuple((rnd.choice("EF"), rnd.choice(KEYS)) for _ in range(2))  # type: ignore[misc]


def data(bound: tuple[tuple[str, str], ...], kind: str = "topic") -> dict[str, Any]:
    queues: dict[str, Any] = {"celery": {"type": "quorum"}}
    for index, (exchange, key) in enumerate(bound):
        queues[f"q{index}"] = {"exchange": exchange, "routing_key": key}
    return {"exchanges": {name: {"type": kind} for name in "EF"}, "queues": queues}


def test_rule_and_broker_agree(rabbitmq_url: str) -> None:
    disagree = []
    collisions = 0
    with Connection(rabbitmq_url) as connection:
        declare_native_delayed_delivery_exchanges_and_queues(connection, "classic")
        for number, bound in enumerate(pairs()):
            topology, broken = Topology.from_data(data(bound))
            assert not broken
            outcome = engine.run(topology, rules=[DelayKeyCollision])
            extra = delivered(connection, topology, bound, str(number))
            collisions += bool(extra)
            if bool(outcome.findings) != bool(extra):
                disagree.append((bound, [one.message for one in outcome.findings], extra))
    assert not disagree, "\n".join(map(str, disagree))
    assert ROUNDS / 5 < collisions < ROUNDS * 4 / 5, "neither answer is rare"


def delivered(
    connection: Connection, topology: Topology, bound: tuple[tuple[str, str], ...], prefix: str
) -> list[tuple[str, str]]:
    """Return (meant for, got by) for what only the bindings for delayed tasks bring about."""
    channel = connection.channel()
    queues = []
    for index, (exchange, key) in enumerate(bound):
        # Names of their own for each round: what is bound stays bound.
        home = Exchange(f"{exchange}{prefix}", type="topic", auto_delete=False)
        queue = Queue(f"q{index}-{prefix}", home, routing_key=key)(channel)
        queue.declare()
        bind_queue_to_native_delayed_delivery_exchange(connection, queue)
        queues.append(queue)
    extra = []
    for index, (exchange, key) in enumerate(bound):
        # What comes out of the last level of the delay.
        Producer(channel).publish(
            "x",
            exchange="celery_delayed_delivery",
            routing_key=calculate_routing_key(1, key),
        )
        time.sleep(0.03)
        plain = deliver(topology, exchange, key)
        for other, queue in enumerate(queues):
            got = queue.get(no_ack=True)
            if got is not None and other != index and f"q{other}" not in plain:
                extra.append((f"q{index}", f"q{other}"))
    for queue in queues:
        queue.delete()
        queue.exchange.delete()
    channel.close()
    return extra


def test_a_headers_exchange_takes_everything_for_every_queue(rabbitmq_url: str) -> None:
    table = {"kind": "mail", "x-match": "all"}
    content = data((("E", ""), ("E", "")), "headers")
    content["queues"]["q0"]["binding_arguments"] = table
    topology, _ = Topology.from_data(content)
    assert len(engine.run(topology, rules=[DelayHeadersExchange]).findings) == 2

    with Connection(rabbitmq_url) as connection:
        declare_native_delayed_delivery_exchanges_and_queues(connection, "classic")
        channel = connection.channel()
        home = Exchange("headers-home", type="headers")
        queue = Queue("headers-queue", home, routing_key="q", binding_arguments=table)(channel)
        queue.declare()

        def arrives() -> bool:
            Producer(channel).publish(
                "x", exchange="headers-home", routing_key="k", headers={"kind": "another"}
            )
            time.sleep(0.1)
            return queue.get(no_ack=True) is not None

        assert not arrives()
        bind_queue_to_native_delayed_delivery_exchange(connection, queue)
        assert arrives()
