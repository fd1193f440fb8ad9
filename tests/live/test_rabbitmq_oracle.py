"""What the file says of exchanges, held against RabbitMQ: random graphs, random messages.

TEST_ORACLE_MESSAGES says how many messages in all (50000 for the whole).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from urllib.parse import unquote, urlsplit

import amqp
import pytest

import graphs
from qtopo.routing.delivery import Deliveries
from qtopo.topology.topology import Topology
from qtopo.topology.wiring import EXCHANGE

pytestmark = pytest.mark.broker

PER_GRAPH = 250
MESSAGES = graphs.wanted(3000)


def connected(url: str) -> amqp.Connection:
    parts = urlsplit(url)
    connection = amqp.Connection(
        f"{parts.hostname}:{parts.port or 5672}",
        userid=parts.username,
        password=parts.password,
        virtual_host=unquote(parts.path[1:]),
    )
    connection.connect()
    return connection


class Vhost:
    """The graph on the broker: declared from the topology, gone when the connection closes."""

    def __init__(self, url: str, topology: Topology) -> None:
        self.topology = topology
        self.connection = connected(url)
        self.channel = channel = self.connection.channel()
        self.confirmed = 0
        channel.confirm_select()
        channel.events["basic_ack"].add(self._confirm)
        for name, exchange in topology.exchanges.items():
            arguments = {"alternate-exchange": exchange.alternate} if exchange.alternate else {}
            channel.exchange_declare(
                name, exchange.type, auto_delete=False, nowait=True, arguments=arguments
            )
        for name in topology.queues:
            channel.queue_declare(name, exclusive=True, auto_delete=False, nowait=True)
        for source, bound in topology.wiring.bound.items():
            for one in bound:
                bind = channel.exchange_bind if one.kind == EXCHANGE else channel.queue_bind
                key, arguments = one.binding.routing_key, plain(one.binding.arguments)
                bind(one.name, source, key, nowait=True, arguments=arguments)

    def _confirm(self, tag: int, multiple: bool) -> None:
        self.confirmed = max(self.confirmed, tag) if multiple else self.confirmed
        self.single.add(tag)

    single: set[int]

    def came(self, messages: list[graphs.Message]) -> dict[int, Counter[str]]:
        """Publish, and return how often each message came into each queue."""
        self.single = set()
        for number, one in enumerate(messages):
            headers = {"application_headers": one.headers} if one.headers else {}
            self.channel.basic_publish(amqp.Message(str(number), **headers), one.exchange, one.key)
        while len(self.single) < len(messages) and self.confirmed < len(messages):
            self.connection.drain_events(timeout=30)
            self.single.update(range(1, self.confirmed + 1))
        found: dict[int, Counter[str]] = defaultdict(Counter)
        due = 0
        for name in self.topology.queues:
            due += self.channel.queue_declare(name, passive=True).message_count

            def take(got: amqp.Message, queue: str = name) -> None:
                found[int(got.body)][queue] += 1

            self.channel.basic_consume(name, no_ack=True, callback=take)
        while sum(map(Counter.total, found.values())) < due:
            self.connection.drain_events(timeout=30)
        return found

    def close(self) -> None:
        for name in self.topology.exchanges:
            self.channel.exchange_delete(name, nowait=True)
        self.connection.close()


def plain(value):
    """Frozen values of a topology as py-amqp takes them."""
    if hasattr(value, "items"):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def copied(rng: random.Random, one: graphs.Message, queues: list[str]) -> graphs.Message:
    """Add more keys to a few messages: RabbitMQ takes them from the headers CC and BCC."""
    if rng.random() < 0.05:
        keys = [rng.choice(queues), "a.b", one.key]
        one.headers[rng.choice(("CC", "BCC"))] = rng.sample(keys, rng.randint(0, 3))
    return one


@pytest.mark.parametrize("seed", range(-(-MESSAGES // PER_GRAPH)))
def test_messages_come_where_the_file_says(seed: int, rabbitmq_url: str) -> None:
    rng = random.Random(seed)
    data = graphs.graph(rng)
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    patterns = graphs.patterns_of(data)
    messages = [
        copied(rng, graphs.message(rng, data, patterns), list(data["queues"]))
        for _ in range(PER_GRAPH)
    ]
    vhost = Vhost(rabbitmq_url, topology)
    try:
        came = vhost.came(messages)
    finally:
        vhost.close()
    deliveries = Deliveries(topology)
    for number, one in enumerate(messages):
        traced = deliveries.trace(*one)
        assert traced.refused is None
        assert came[number] == Counter(traced.queues), (data, one)
        assert traced.queues == deliveries.queues(*one)
        by_steps = {
            match.name for step in traced.steps for match in step.matches if match.kind == "queue"
        }
        assert by_steps == set(traced.queues)
