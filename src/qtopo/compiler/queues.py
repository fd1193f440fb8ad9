"""Queues and exchanges as kombu takes them, and what no worker would declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.values import (
    BindingValue,
    BroadcastValue,
    ExchangeBindingValue,
    ExchangeValue,
    QueueValue,
    number,
)
from qtopo.errors import EmitError
from qtopo.topology.raw import thaw
from qtopo.topology.units import milliseconds

if TYPE_CHECKING:
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

_QUORUM = "quorum"


class Declared(NamedTuple):
    """What exists although no worker consumes it, so that no worker would declare it.

    `queues` are names of `task_queues`; `exchanges` those that no consumed
    queue brings along; `bindings` those between exchanges.
    """

    queues: tuple[str, ...]
    exchanges: tuple[ExchangeValue, ...]
    bindings: tuple[ExchangeBindingValue, ...]

    def __bool__(self) -> bool:
        return bool(self.queues or self.exchanges or self.bindings)


def compile_queues(topology: Topology) -> list[QueueValue | BroadcastValue]:
    """Return every queue in the order of the file, exchange and key spelt out.

    Raises EmitError where a queue is bound to an exchange that is not declared.
    """
    return [_queue(topology, queue) for queue in topology.queues.values()]


def compile_exchange(topology: Topology, name: str, where: str) -> ExchangeValue:
    """Return an exchange that is declared, or that a queue brings along; else raise EmitError."""
    exchange = topology.wiring.exchanges.get(name)
    if exchange is None:
        raise EmitError(
            f"{where} names exchange {name!r}, which is not declared",
            f"declare [exchanges.{name!r}]",
        )
    options: dict[str, Any] = {}
    if not exchange.durable:
        options["durable"] = False
    if exchange.auto_delete:
        options["auto_delete"] = True
    arguments = thaw(exchange.arguments)
    if exchange.alternate is not None:
        arguments["alternate-exchange"] = exchange.alternate
    if arguments:
        options["arguments"] = arguments
    return ExchangeValue(name, exchange.type, options)


def has_quorum(topology: Topology) -> bool:
    """Whether any queue is a quorum queue, by its type or by a raw argument."""
    return any(
        (queue.type or queue.arguments.get("x-queue-type")) == _QUORUM
        for queue in topology.queues.values()
    )


def compile_declared(topology: Topology) -> Declared:
    """Return what the emitted module has to declare when a worker starts, in the order of the file.

    Raises EmitError for exchange bindings on a transport that has none.
    """
    wiring = topology.wiring
    native = not topology.broker.kind.virtual
    consumed = {name for name in topology.queues if wiring.consumers.get(name)}
    idle = [
        name
        for name, queue in topology.queues.items()
        # A broadcast queue is the worker's own: without a worker there is none.
        if name not in consumed and not (queue.broadcast and native)
    ]
    brought = {binding.exchange for name in (*consumed, *idle) for binding in wiring.bindings[name]}
    bindings = []
    for name, exchange in topology.exchanges.items():
        for binding in exchange.bindings:
            if not native:
                raise EmitError(
                    f"exchange {name!r} is bound to exchange {binding.exchange!r}, "
                    f"which transport {topology.broker.transport!r} cannot do",
                    "bind the queues to that exchange themselves",
                )
            where = f"exchange {name!r}"
            bindings.append(
                ExchangeBindingValue(
                    compile_exchange(topology, name, where),
                    compile_exchange(topology, binding.exchange, where),
                    binding.routing_key,
                    thaw(binding.arguments),
                )
            )
            brought.update((name, binding.exchange))
    exchanges = [
        compile_exchange(topology, name, "the file")
        for name in wiring.exchanges
        if name not in brought
    ]
    return Declared(tuple(idle), tuple(exchanges), tuple(bindings))


def _queue(topology: Topology, queue: Queue) -> QueueValue | BroadcastValue:
    where = f"queue {queue.name!r}"
    options = _options(queue)
    bindings = topology.wiring.bindings[queue.name]
    if queue.bindings:
        several = tuple(
            BindingValue(
                compile_exchange(topology, one.exchange, where),
                one.routing_key,
                thaw(one.arguments),
            )
            for one in bindings
        )
        return QueueValue(queue.name, None, "", several, options)
    (binding,) = bindings
    exchange = compile_exchange(topology, binding.exchange, where)
    if queue.broadcast and not topology.broker.kind.virtual:
        # Each worker's queue has a name made up for it and goes with the worker.
        options.pop("auto_delete", None)
        return BroadcastValue(queue.name, exchange, binding.routing_key, options)
    if binding.arguments:
        options["binding_arguments"] = thaw(binding.arguments)
    return QueueValue(queue.name, exchange, binding.routing_key, (), options)


def _options(queue: Queue) -> dict[str, Any]:
    options: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    if not queue.durable:
        options["durable"] = False
    if queue.exclusive:
        options["exclusive"] = True
    if queue.auto_delete:
        options["auto_delete"] = True
    for key in ("expires", "message_ttl"):
        seconds = getattr(queue, key)
        if seconds is None:
            continue
        # kombu cuts the product with 1000 off: 1.001 s would become 1000 ms.
        if int(seconds * 1000.0) == milliseconds(seconds):
            options[key] = number(seconds)
        else:
            arguments["x-" + key.replace("_", "-")] = milliseconds(seconds)
    for key in ("max_length", "max_length_bytes", "max_priority"):
        if getattr(queue, key) is not None:
            options[key] = getattr(queue, key)
    arguments |= _arguments(queue)
    spelt = {"x-" + key.replace("_", "-") for key in options} | arguments.keys()
    raw = {key: value for key, value in thaw(queue.arguments).items() if key not in spelt}
    if arguments or raw:
        options["queue_arguments"] = arguments | raw
    if queue.consumer_arguments:
        options["consumer_arguments"] = thaw(queue.consumer_arguments)
    return options


def _arguments(queue: Queue) -> dict[str, Any]:
    """Return the arguments of RabbitMQ that kombu has no attribute for."""
    arguments: dict[str, Any] = {}
    if queue.type is not None:
        arguments["x-queue-type"] = queue.type
    if queue.overflow is not None:
        arguments["x-overflow"] = queue.overflow
    if queue.delivery_limit is not None:
        arguments["x-delivery-limit"] = queue.delivery_limit
    if queue.single_active_consumer:
        arguments["x-single-active-consumer"] = True
    if queue.dead_letter is not None:
        arguments["x-dead-letter-exchange"] = queue.dead_letter.exchange
        if queue.dead_letter.routing_key is not None:
            arguments["x-dead-letter-routing-key"] = queue.dead_letter.routing_key
    return arguments
