"""Where delayed messages come out on RabbitMQ, and what their bindings leak: as it was said.

Celery's own worker step binds the queues of random topologies; messages are
published where the delay lets them out. One message takes the whole way.
"""

from __future__ import annotations

import random
import time

import pytest
from celery import Celery
from celery.worker.consumer.delayed_delivery import DelayedDelivery
from kombu import Connection, Exchange
from kombu.transport.native_delayed_delivery import (
    declare_native_delayed_delivery_exchanges_and_queues,
)

import qtopo
from qtopo.routing.call import Call, Resolved
from qtopo.routing.delayed import DELIVERY, delivered_late
from qtopo.routing.delivery import deliveries
from qtopo.routing.resolve import resolve
from qtopo.routing.sending import sending
from qtopo.topology.topology import Topology

pytestmark = pytest.mark.broker

KEYS = ["mail", "vip.mail", "a.vip.mail", "a.*", "a.#", "#", "#.mail", "*", "x"]
TYPES = ["topic", "topic", "topic", "fanout", "headers", "direct"]


def a_topology(rng: random.Random) -> Topology:
    exchanges = {f"e{n}": {"type": rng.choice(TYPES)} for n in range(rng.randint(1, 3))}
    queues: dict[str, dict] = {"celery": {"type": "quorum"}}
    for n in range(rng.randint(2, 5)):
        form = rng.random()
        if form < 0.15:
            queues[f"q{n}"] = {"broadcast": True}
        elif form < 0.35:
            queues[f"q{n}"] = {
                "bindings": [
                    {"exchange": rng.choice(list(exchanges)), "routing_key": rng.choice(KEYS)}
                    for _ in range(2)
                ]
            }
        else:
            queues[f"q{n}"] = {
                "exchange": rng.choice(list(exchanges)),
                "routing_key": rng.choice(KEYS),
            }
            if exchanges[queues[f"q{n}"]["exchange"]]["type"] == "headers":
                queues[f"q{n}"]["binding_arguments"] = {"kind": rng.choice("ab")}
    topology, findings = Topology.from_data({"exchanges": exchanges, "queues": queues})
    assert findings == []
    return topology


class Vhost:
    """The queues of one topology, bound as a worker binds them."""

    def __init__(self, connection: Connection, topology: Topology) -> None:
        self.channel = connection.channel()
        self.app = Celery("late", set_as_current=False, broker="amqp://nowhere.invalid")
        self.app.conf.update(qtopo.celery_settings(topology))
        self.names = {queue.alias or queue.name: queue for queue in self.app.amqp.queues.values()}
        for exchange in topology.wiring.exchanges.values():
            Exchange(exchange.name, exchange.type)(self.channel).declare()
        Exchange(DELIVERY, "topic")(self.channel).declare()
        for queue in self.names.values():
            # What kind of queue it is has no part in where messages go.
            arguments, queue.queue_arguments = queue.queue_arguments, None
            queue(self.channel).declare()
            queue.queue_arguments = arguments
        DelayedDelivery._bind_queues(None, self.app, connection)

    def publish(self, exchange: str, key: str, headers: dict) -> tuple[str, ...]:
        message = self.channel.prepare_message(b"x", headers=headers)
        self.channel.basic_publish(message, exchange, key)
        return tuple(name for name in self.names if self.get(name))

    def get(self, name: str) -> bool:
        got = 0
        while self.channel.basic_get(self.names[name].name, no_ack=True):
            got += 1
        assert got < 2
        return bool(got)

    def sweep(self, topology: Topology) -> None:
        for queue in self.names.values():
            self.channel.queue_delete(queue.name)
        for name in (*topology.wiring.exchanges, DELIVERY):
            self.channel.exchange_delete(name)
        self.channel.close()
        self.app.close()


def test_delayed_messages_come_out_where_it_was_said(rabbitmq_url):
    rng = random.Random("late")
    seen = {"delayed": 0, "leaking": 0, "plain": 0}
    with Connection(rabbitmq_url) as connection:
        for _ in range(60):
            topology = a_topology(rng)
            vhost = Vhost(connection, topology)
            headers = {"kind": rng.choice("ab")}
            for queue in topology.queues:
                found = resolve(sending(topology), Call("x", {"queue": queue, "countdown": 1}))
                assert isinstance(found, Resolved)
                if found.delay is None:
                    continue
                seen["delayed"] += 1
                said = delivered_late(topology, found.delay, headers).queues
                assert vhost.publish(DELIVERY, found.delay.arrives_with, headers) == said
            for exchange in topology.exchanges:
                for key in ("mail", "vip.mail", "a.b", "x"):
                    got = vhost.publish(exchange, key, headers)
                    assert got == deliveries(topology, delayed=True).queues(exchange, key, headers)
                    plain = deliveries(topology).queues(exchange, key, headers)
                    assert set(plain) <= set(got)
                    seen["plain" if len(plain) == len(got) else "leaking"] += 1
            vhost.sweep(topology)
    print(seen)
    assert min(seen.values()) > 40


def test_a_delayed_message_takes_the_whole_way(rabbitmq_url):
    data = {
        "exchanges": {"one": {"type": "topic"}, "other": {"type": "topic"}},
        "queues": {
            "celery": {"type": "quorum"},
            "vip": {"exchange": "one", "routing_key": "vip.mail"},
            "mail": {"exchange": "other", "routing_key": "mail"},
            "none": {"exchange": "other", "routing_key": "letters"},
        },
    }
    topology, _ = Topology.from_data(data)
    with Connection(rabbitmq_url) as connection:
        declare_native_delayed_delivery_exchanges_and_queues(connection, "classic")
        vhost = Vhost(connection, topology)
        call = Call("x", {"queue": "vip", "countdown": 1})
        found = resolve(sending(topology), call)
        assert isinstance(found, Resolved)
        assert found.delay is not None
        with vhost.app.amqp.Producer(connection, auto_declare=False) as producer:
            vhost.app.send_task("x", producer=producer, **call.options)
        got: set[str] = set()
        for _ in range(100):
            got |= {name for name in vhost.names if vhost.get(name)}
            if len(got) >= 2:
                break
            time.sleep(0.1)
        assert got == {"vip", "mail"}
        assert set(delivered_late(topology, found.delay).queues) == got
