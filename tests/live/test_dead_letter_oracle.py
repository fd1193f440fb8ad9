"""Where dead letters end, held against RabbitMQ: random graphs, cycles included."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import amqp
import pytest
from test_rabbitmq_oracle import connected

from qtopo.routing.deadletters import (
    EXPIRED,
    OVER_DELIVERED,
    OVERFLOW,
    REJECTED,
    Letter,
    dead_letters,
    ttl,
)
from qtopo.topology.topology import Topology
from qtopo.topology.wiring import EXCHANGE

pytestmark = pytest.mark.broker

KEYS = ("a", "b", "a.b")
PATTERNS = (*KEYS, "a.#", "#", "*")
ORIGINS: dict[str, tuple[str, dict[str, Any]]] = {
    "reject": (REJECTED, {}),
    "expire": (EXPIRED, {"message_ttl": "20ms"}),
    "drop": (OVERFLOW, {"max_length": 0}),
    "refuse": (OVERFLOW, {"max_length": 0, "overflow": "reject-publish"}),
    "refuse-dlx": (OVERFLOW, {"max_length": 0, "overflow": "reject-publish-dlx"}),
    "quorum-dlx": (
        OVERFLOW,
        {"type": "quorum", "max_length": 0, "overflow": "reject-publish-dlx"},
    ),
    "deliver": (OVER_DELIVERED, {"type": "quorum", "delivery_limit": 1}),
}
RETURN_TO = ("reject", "expire")
"""The origins that letters may come back to; the others would give them up again at once."""


def letters_go(rng: random.Random, exchanges: list[str], queues: list[str]) -> dict[str, Any]:
    """Where the dead letters of one queue go: an exchange, a missing one, or a queue by name."""
    chance = rng.random()
    if chance < 0.1:
        return {}
    if chance < 0.3:
        key = rng.choice(queues)
        return {"arguments": {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": key}}
    target = {"exchange": rng.choice(exchanges) if chance < 0.95 else "missing"}
    return {"dead_letter": target | ({"routing_key": rng.choice(KEYS)} if chance < 0.7 else {})}


def graph(rng: random.Random) -> dict[str, Any]:
    exchanges: dict[str, Any] = {
        f"x{n}": {"type": rng.choice(("direct", "topic", "topic", "fanout"))} for n in range(3)
    }
    if rng.random() < 0.5:
        exchanges["x0"]["alternate"] = "x1"
    if rng.random() < 0.5:
        exchanges["x2"]["bindings"] = [{"exchange": "x1", "routing_key": "#"}]
    inner: dict[str, dict[str, Any]] = {
        f"q{n}": {"message_ttl": "20ms"} if n < 3 else {} for n in range(5)
    }
    queues = inner | {name: dict(more) for name, (_, more) in ORIGINS.items()}
    targets = [*inner, *RETURN_TO]
    for name, queue in queues.items():
        queue |= letters_go(rng, list(exchanges), targets)
        bound = rng.randint(1, 3) if name in targets else 0
        # Origins that nothing returns to hang on an exchange that nobody publishes to.
        queue["bindings"] = [
            {
                "exchange": rng.choice(list(exchanges)),
                "routing_key": rng.choice((*PATTERNS, *targets)),
            }
            for _ in range(bound)
        ] or [{"exchange": "idle", "routing_key": name}]
    return {"exchanges": {**exchanges, "idle": {}}, "queues": queues}


class Broker:
    """The graph on the broker, declared with the arguments that Celery would send."""

    def __init__(self, url: str, topology: Topology) -> None:
        self.topology = topology
        self.connection = connected(url)
        self.channel = self.connection.channel()
        for name, exchange in topology.exchanges.items():
            alternate = {"alternate-exchange": exchange.alternate} if exchange.alternate else {}
            self.channel.exchange_declare(
                name, exchange.type, auto_delete=False, arguments=alternate
            )
        for name, queue in topology.queues.items():
            self.channel.queue_declare(
                name, durable=queue.type == "quorum", auto_delete=False, arguments=arguments(queue)
            )
        for source, bound in topology.wiring.bound.items():
            for one in bound:
                bind = (
                    self.channel.exchange_bind if one.kind == EXCHANGE else self.channel.queue_bind
                )
                bind(one.name, source, one.binding.routing_key)

    def give_up(self, queue: str, reason: str) -> None:
        """Put a message into a queue, and make the queue give it up."""
        self.channel.basic_publish(amqp.Message(queue), "", queue)
        if reason == REJECTED:
            self.channel.basic_reject(self._get(queue), requeue=False)
        elif reason == OVER_DELIVERED:
            for _ in range(2):
                self.channel.basic_reject(self._get(queue), requeue=True)

    def _get(self, queue: str) -> int:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            got = self.channel.basic_get(queue)
            if got is not None:
                tag: int = got.delivery_tag
                return tag
        raise AssertionError(f"nothing comes out of {queue}")

    def rest(self, expected: int) -> Counter[tuple[str, str]]:
        """Return what lies in queues without a TTL: (where from, where), each with a number."""
        found: Counter[tuple[str, str]] = Counter()
        # A circle that RabbitMQ does not break would fill its memory: stop long before.
        most, quiet = 2 * expected + 100, 0
        end = time.monotonic() + 10
        while time.monotonic() < end and quiet < 8 and found.total() <= most:
            before = found.total()
            for name, queue in self.topology.queues.items():
                while (
                    found.total() <= most
                    and ttl(queue) is None
                    and (got := self.channel.basic_get(name, no_ack=True))
                ):
                    found[str(got.body), name] += 1
            # What is expected has come: a moment longer, for what is not.
            settled = found.total() == before and found.total() >= expected
            quiet = quiet + 1 if settled else 0
            time.sleep(0.02)
        return found

    def close(self) -> None:
        for name in self.topology.queues:
            self.channel.queue_delete(name)
        for name in self.topology.exchanges:
            self.channel.exchange_delete(name)
        self.connection.close()


def arguments(queue: Any) -> dict[str, Any]:
    letters = queue.dead_letter
    found = {
        "x-queue-type": queue.type,
        "x-message-ttl": queue.message_ttl and int(queue.message_ttl * 1000),
        "x-max-length": queue.max_length,
        "x-overflow": queue.overflow,
        "x-delivery-limit": queue.delivery_limit,
        "x-dead-letter-exchange": letters and letters.exchange,
        "x-dead-letter-routing-key": letters and letters.routing_key,
    }
    return {key: value for key, value in found.items() if value is not None} | dict(queue.arguments)


def resting(topology: Topology, letters: tuple[Letter, ...]) -> Counter[str]:
    names = (name for letter in letters for name in letter.delivered_to)
    return Counter(name for name in names if ttl(topology.queues[name]) is None)


GRAPHS = 12


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_dead_letters_end_where_the_file_says(seed: int, rabbitmq_url: str) -> None:
    data = graph(random.Random(seed))
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    expected: Counter[tuple[str, str]] = Counter()
    for origin, (reason, _) in ORIGINS.items():
        answer = dead_letters(topology, origin, key=origin)
        (course,) = (one for one in answer.courses if one.reason == reason)
        for name, count in resting(topology, course.letters).items():
            expected[origin, name] += count
    broker = Broker(rabbitmq_url, topology)
    try:
        for origin, (reason, _) in ORIGINS.items():
            broker.give_up(origin, reason)
        assert broker.rest(expected.total()) == expected, data
    finally:
        broker.close()
