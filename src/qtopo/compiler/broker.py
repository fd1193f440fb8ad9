"""Topology to what exists on RabbitMQ while it runs: exchanges, queues, bindings.

What the file declares is told as kombu declares it, since RabbitMQ refuses a queue
that is declared twice with different arguments. What Celery makes for itself is
kept apart. `tests/live/test_definitions_live.py` holds both against a broker.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.queues import compile_exchange, compile_queues, has_quorum
from qtopo.compiler.values import BroadcastValue, ExchangeValue, QueueValue
from qtopo.errors import EmitError
from qtopo.topology.common import EMPTY
from qtopo.topology.raw import thaw
from qtopo.topology.wiring import EXCHANGE, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qtopo.topology.topology import Topology

DELIVERY = "celery_delayed_delivery"
"""The exchange that delayed messages come out of when they are due."""

LEVELS = 28
_ATTRIBUTES = ("expires", "message_ttl", "max_length", "max_length_bytes", "max_priority")
_SECONDS = ("expires", "message_ttl")


class Exchange(NamedTuple):
    """An exchange of RabbitMQ."""

    name: str
    type: str
    durable: bool = True
    auto_delete: bool = False
    arguments: Mapping[str, Any] = EMPTY

    @property
    def alternate(self) -> str | None:
        """The exchange that takes what no binding of this one takes."""
        found = self.arguments.get("alternate-exchange")
        return found if isinstance(found, str) else None


class Queue(NamedTuple):
    """A queue of RabbitMQ."""

    name: str
    durable: bool = True
    auto_delete: bool = False
    exclusive: bool = False
    arguments: Mapping[str, Any] = EMPTY

    @property
    def dead_letter(self) -> str | None:
        """The exchange that takes its dead letters; the anonymous one is empty."""
        found = self.arguments.get("x-dead-letter-exchange")
        return found if isinstance(found, str) else None


class Binding(NamedTuple):
    """That `name`, a queue or an exchange as `kind` says, receives from exchange `source`."""

    source: str
    kind: str
    name: str
    routing_key: str
    arguments: Mapping[str, Any] = EMPTY


class Objects(NamedTuple):
    """Exchanges, queues and bindings, each once."""

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()


class OnRabbitMQ(NamedTuple):
    """What exists on RabbitMQ.

    `declared` is what the file says, in its order; a broadcast queue is in it
    only as its exchange, for each worker makes a queue of its own. `delayed` is
    the detour of delayed messages, which a worker declares where there is a
    quorum queue. `control` are the exchanges of remote control and events.
    Queues whose names Celery makes up are in none of them.
    """

    declared: Objects
    delayed: Objects
    control: Objects


def on_rabbitmq(topology: Topology) -> OnRabbitMQ:
    """Return what exists on RabbitMQ; raises EmitError for any other broker."""
    if topology.broker.kind.name != "rabbitmq":
        raise EmitError(
            f"transport {topology.broker.transport!r} has no exchanges and queues of RabbitMQ's",
            'this is for transport = "rabbitmq"',
        )
    return OnRabbitMQ(_declared(topology), _delayed(topology), control(topology))


def control(topology: Topology) -> Objects:
    """Return the exchanges that Celery's remote control and events go through."""
    name = control_exchange(topology)
    exchanges = [
        Exchange(f"{name}.pidbox", "fanout", durable=False),
        Exchange(f"reply.{name}.pidbox", "direct", durable=False),
        Exchange(event_exchange(topology), "topic"),
    ]
    if topology.settings.get("worker_direct"):
        exchanges.append(Exchange("C.dq2", "direct"))
    return Objects(tuple(exchanges))


def control_exchange(topology: Topology) -> str:
    """Return the stem of the names of remote control: `celery` of `celery.pidbox`."""
    return str(topology.settings.get("control_exchange") or "celery")


def event_exchange(topology: Topology) -> str:
    """Return the exchange of events."""
    return str(topology.settings.get("event_exchange") or "celeryev")


def level(number: int) -> str:
    """Return the name of an exchange of the detour, and of the queue behind it."""
    return f"celery_delayed_{number}"


def _declared(topology: Topology) -> Objects:
    values = compile_queues(topology) or [_default(topology)]
    levels = topology.settings.get("task_queue_max_priority")
    exchanges: dict[str, ExchangeValue] = {}
    queues = []
    bindings: list[Binding] = []
    for name in topology.wiring.exchanges:
        exchanges[name] = compile_exchange(topology, name, "the file")
    for value in values:
        if isinstance(value, BroadcastValue):
            continue
        queues.append(_queue(value, levels))
        if value.exchange is not None:
            exchanges.setdefault(value.exchange.name, value.exchange)
        bindings += _bindings(value)
    for name, exchange in topology.exchanges.items():
        for binding in exchange.bindings:
            arguments = thaw(binding.arguments)
            key = binding.routing_key
            bindings.append(Binding(binding.exchange, EXCHANGE, name, key, arguments))
    return Objects(
        tuple(_exchange(one) for one in exchanges.values()),
        tuple(queues),
        _once(bindings),
    )


def _default(topology: Topology) -> QueueValue:
    """Return the queue that Celery makes where the file has none."""
    name = topology.default_queue
    return QueueValue(name, ExchangeValue(name, "direct", {}), name, (), {})


def _exchange(value: ExchangeValue) -> Exchange:
    options = value.options
    return Exchange(
        value.name,
        value.type,
        options.get("durable", True),
        options.get("auto_delete", False),
        options.get("arguments", {}),
    )


def _queue(value: QueueValue, levels: Any) -> Queue:
    options = value.options
    arguments = dict(options.get("queue_arguments", {}))
    if isinstance(levels, int) and not isinstance(levels, bool):
        arguments.setdefault("x-max-priority", levels)
    for key in _ATTRIBUTES:
        if key in options:
            # kombu's attribute goes over the raw argument, and cuts milliseconds off.
            given = options[key]
            name = "x-" + key.replace("_", "-")
            arguments[name] = int(given * 1000.0) if key in _SECONDS else given
    exclusive = options.get("exclusive", False)
    return Queue(
        value.name,
        options.get("durable", True),
        # kombu: what one connection alone may use goes with it.
        exclusive or options.get("auto_delete", False),
        exclusive,
        arguments,
    )


def _bindings(value: QueueValue) -> Iterator[Binding]:
    if value.exchange is not None:
        arguments = value.options.get("binding_arguments", {})
        yield Binding(value.exchange.name, QUEUE, value.name, value.routing_key, arguments)
    for one in value.bindings:
        yield Binding(one.exchange.name, QUEUE, value.name, one.routing_key, one.arguments)


def _once(bindings: Iterable[Binding]) -> tuple[Binding, ...]:
    """Return the bindings without those that say the same again."""
    found: dict[tuple[str, ...], Binding] = {}
    for one in bindings:
        found.setdefault((*one[:4], json.dumps(dict(one.arguments), sort_keys=True)), one)
    return tuple(found.values())


def _delayed(topology: Topology) -> Objects:
    """Return the detour: kombu's exchanges and queues, and what Celery's workers bind to them."""
    if not has_quorum(topology):
        return Objects()
    kind = topology.settings.get("broker_native_delayed_delivery_queue_type", "quorum")
    exchanges = [Exchange(level(number), "topic") for number in reversed(range(LEVELS))]
    exchanges.append(Exchange(DELIVERY, "topic"))
    queues = []
    bindings: list[Binding] = []
    for number in reversed(range(LEVELS)):
        after = level(number - 1) if number else DELIVERY
        stars = "*." * (LEVELS - 1 - number)
        arguments = {
            "x-queue-type": kind,
            "x-overflow": "reject-publish",
            "x-message-ttl": 2**number * 1000,
            "x-dead-letter-exchange": after,
        }
        if kind == "quorum":
            arguments["x-dead-letter-strategy"] = "at-least-once"
        queues.append(Queue(level(number), arguments=arguments))
        bindings.append(Binding(level(number), QUEUE, level(number), f"{stars}1.#"))
        bindings.append(Binding(level(number), EXCHANGE, after, f"{stars}0.#"))
    bindings += _returned(topology)
    return Objects(tuple(exchanges), tuple(queues), _once(bindings))


def _returned(topology: Topology) -> Iterator[Binding]:
    """Yield what brings a message that is due back to the exchange and queue it was for."""
    for name, queue in topology.queues.items():
        for binding in () if queue.broadcast else topology.wiring.bindings[name]:
            source, key = binding.exchange, binding.routing_key
            if topology.wiring.exchange_type(source) == "direct":
                continue
            late = key if key.startswith("#") else f"#.{key}"
            yield Binding(DELIVERY, EXCHANGE, source, late)
            yield Binding(source, QUEUE, name, late)
