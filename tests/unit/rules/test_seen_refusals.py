"""What rules say that brokers and Celery do, seen: the real thing is the oracle."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from amqp.exceptions import PreconditionFailed
from celery import Celery, chain, group
from kombu import Connection, Consumer, Exchange, Producer, Queue

from qtopo.rules import engine
from qtopo.rules.canvas.builtin_route_unused import NEVER, BuiltinRouteUnused
from qtopo.rules.canvas.chord_polls_quorum import ChordPollsQuorum
from qtopo.rules.routing.headers_binding_match import MATCHES, HeadersBindingMatch
from qtopo.rules.transport.redis_fanout_starved import RedisFanoutStarved
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from qtopo.rules.base import Rule


def found(data: dict[str, Any], rule: type[Rule]) -> list[str]:
    """Return what one rule says of a file."""
    topology, broken = Topology.from_data(data)
    assert not broken
    outcome = engine.run(topology, rules=[rule])
    assert not outcome.faults
    return [one.message for one in outcome.findings]


@pytest.mark.parametrize("match", [*MATCHES, "some", "ALL", "", 1, True])
def test_headers_match(match: object, rabbitmq_url: str) -> None:
    data = {
        "exchanges": {"events": {"type": "headers"}},
        "queues": {
            "mail": {"exchange": "events", "binding_arguments": {"x-match": match, "kind": "mail"}}
        },
    }
    refused = False
    with Connection(rabbitmq_url) as connection:
        exchange = Exchange("headers-match", type="headers", auto_delete=True)
        queue = Queue("headers-match", exchange, auto_delete=True)
        queue.binding_arguments = {"x-match": match, "kind": "mail"}
        try:
            queue(connection.channel()).declare()
        except PreconditionFailed:
            refused = True
    assert bool(found(data, HeadersBindingMatch)) == refused


def received(url: str, workers: list[list[str]]) -> list[str]:
    """Publish one message to a fanout exchange; return the queues that get it.

    Each of `workers` is a process: a connection, and the queues it consumes.
    """
    exchange = Exchange("news", type="fanout")
    got: list[str] = []
    connections = [Connection(url) for _ in workers]
    try:
        for connection, names in zip(connections, workers, strict=True):
            channel = connection.channel()
            for name in names:
                queue = Queue(name, exchange, routing_key="news")
                consumer = Consumer(channel, [queue], auto_declare=True, no_ack=True)
                consumer.register_callback(lambda _body, _message, name=name: got.append(name))
                consumer.consume()
            # Subscribes: what is sent before that is not kept.
            with suppress(socket.timeout):
                connection.drain_events(timeout=0.5)
        with Connection(url) as connection:
            Producer(connection).publish(
                {}, exchange=exchange, routing_key="news", declare=[exchange]
            )
        for connection in connections:
            for _ in workers:
                with suppress(socket.timeout):
                    connection.drain_events(timeout=0.5)
    finally:
        for connection in connections:
            connection.release()
    return sorted(got)


@pytest.mark.parametrize("workers", [[["a", "b"]], [["a"], ["b"]]])
def test_two_queues_of_a_fanout_exchange_on_redis(workers: list[list[str]], redis_url: str) -> None:
    data = {
        "broker": {"transport": "redis"},
        "exchanges": {"news": {"type": "fanout"}},
        "queues": {name: {"exchange": "news", "routing_key": "news"} for name in ("a", "b")},
        "workers": {f"w{index}": {"queues": names} for index, names in enumerate(workers)},
    }
    starved = received(redis_url, workers) != ["a", "b"]
    assert bool(found(data, RedisFanoutStarved)) == starved
    assert starved == (len(workers) == 1)


def asked_for() -> set[str]:
    """Return the names Celery's router is asked for when every kind of canvas is sent."""
    app = Celery("canvas", broker="memory://", set_as_current=False)

    @app.task(name="shop.add")
    def add(*numbers: int) -> int:
        return sum(numbers)

    names: set[str] = set()
    router = app.amqp.router
    look_up = router.route

    def route(options: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        names.add(name)
        return look_up(options, name, *args, **kwargs)

    router.route = route
    add.chunks([(1, 2), (3, 4)], 1).apply_async()
    add.map([1, 2]).apply_async()
    add.starmap([(1, 2)]).apply_async()
    group(add.s(1), add.s(2)).apply_async()
    chain(add.s(1), add.s(2)).apply_async()
    return names


def test_names_that_celery_never_asks_for() -> None:
    names = asked_for()
    assert names == {"shop.add", "celery.starmap"}
    for name in (*NEVER, *names):
        data = {"queues": {"celery": {}}, "routes": [{"task": name, "queue": "celery"}]}
        assert bool(found(data, BuiltinRouteUnused)) == (name not in names)


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_chord_that_looks_too_often(seconds: float, rabbitmq_url: str) -> None:
    """`celery.chord_unlock` sends itself again, with the interval as its countdown."""
    app = Celery("chords", broker=rabbitmq_url, set_as_current=False)
    app.conf.task_queues = [
        Queue(
            "celery",
            Exchange("tasks", type="topic"),
            routing_key="celery",
            queue_arguments={"x-queue-type": "quorum"},
        )
    ]
    app.conf.task_default_exchange = "tasks"
    app.conf.task_default_exchange_type = "topic"
    app.conf.task_default_routing_key = "celery"
    data = {
        "settings": {"result_chord_retry_interval": seconds},
        "results": {"backend": "database"},
        "exchanges": {"tasks": {"type": "topic"}},
        "queues": {"celery": {"type": "quorum", "exchange": "tasks", "routing_key": "celery"}},
        "workflows": {"sums": {"chord": {"header": ["a.one", "a.two"], "body": "a.sum"}}},
    }
    unlock = app.tasks["celery.chord_unlock"]
    refused = False
    try:
        unlock.apply_async(("id", None), countdown=seconds, queue="celery")
    except ValueError:
        refused = True
    finally:
        app.close()
    assert refused == (seconds < 1)
    assert bool(found(data, ChordPollsQuorum)) == refused
