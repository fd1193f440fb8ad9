"""What a topology declares on its broker, as it goes out: spelling makes no difference.

Unlike the compiler this never refuses: a queue on an exchange that nobody
declares is compared as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.queues import compile_exchange, compile_queues
from qtopo.compiler.values import BroadcastValue
from qtopo.topology.exchanges import Exchange
from qtopo.topology.raw import thaw
from qtopo.topology.wiring import EXCHANGE, QUEUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.exchanges import Binding
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

_ATTRIBUTES = ("expires", "message_ttl", "max_length", "max_length_bytes", "max_priority")
_SECONDS = ("expires", "message_ttl")
CLASSIC = "classic"


class DeclaredExchange(NamedTuple):
    """What an exchange is declared with."""

    type: str
    durable: bool
    auto_delete: bool
    arguments: Mapping[str, Any]


class DeclaredQueue(NamedTuple):
    """What a queue is declared with; `broadcast` ones are each worker's own (RabbitMQ)."""

    durable: bool
    exclusive: bool
    auto_delete: bool
    arguments: Mapping[str, Any]
    broadcast: bool


class Tie(NamedTuple):
    """A binding: `kind` and `name` are what receives, `arguments` the match table as JSON."""

    source: str
    kind: str
    name: str
    key: str
    arguments: str

    def plain(self) -> dict[str, Any]:
        """Return it as the file writes a binding."""
        table: dict[str, Any] = {"exchange": self.source, "routing_key": self.key}
        if self.arguments != "{}":
            table["arguments"] = json.loads(self.arguments)
        return table


class Declared(NamedTuple):
    """Everything declared; `ties` with the key path each stands at."""

    exchanges: Mapping[str, DeclaredExchange]
    queues: Mapping[str, DeclaredQueue]
    ties: Mapping[Tie, Path]


def declared(topology: Topology) -> Declared:
    """Return what a topology declares; computed once for each."""
    return topology.wiring.memo("changes.declared", lambda: _declared(topology))


def tie(kind: str, name: str, binding: Binding) -> Tie:
    """Return a binding as a value that can be compared."""
    arguments = json.dumps(thaw(binding.arguments), sort_keys=True)
    return Tie(binding.exchange, kind, name, binding.routing_key, arguments)


def _declared(topology: Topology) -> Declared:
    wiring = topology.wiring
    exchanges = {name: one.replace(bindings=()) for name, one in wiring.exchanges.items()}
    for bindings in wiring.bindings.values():
        for binding in bindings:
            exchanges.setdefault(binding.exchange, Exchange(name=binding.exchange))
    whole = topology.replace(exchanges=exchanges)
    queues = {value.name: _queue(value) for value in compile_queues(whole)}
    return Declared(
        {name: _exchange(whole, name) for name in wiring.exchanges}, queues, _ties(topology)
    )


def _exchange(topology: Topology, name: str) -> DeclaredExchange:
    value = compile_exchange(topology, name, name)
    options = value.options
    return DeclaredExchange(
        value.type,
        options.get("durable", True),
        options.get("auto_delete", False),
        options.get("arguments", {}),
    )


def _queue(value: Any) -> DeclaredQueue:
    options = value.options
    arguments = dict(options.get("queue_arguments", {}))
    for key in _ATTRIBUTES:
        if key in options:
            # kombu's attribute goes over the raw argument, and cuts milliseconds off.
            given = options[key]
            name = "x-" + key.replace("_", "-")
            arguments[name] = int(given * 1000.0) if key in _SECONDS else given
    if arguments.get("x-queue-type") == CLASSIC:
        # RabbitMQ takes no type for this one.
        del arguments["x-queue-type"]
    return DeclaredQueue(
        options.get("durable", True),
        options.get("exclusive", False),
        options.get("auto_delete", False),
        arguments,
        isinstance(value, BroadcastValue),
    )


def _ties(topology: Topology) -> dict[Tie, Path]:
    found: dict[Tie, Path] = {}
    for name, queue in topology.queues.items():
        for index, binding in enumerate(topology.wiring.bindings[name]):
            path: Path = ("queues", name)
            if queue.bindings:
                path = (*path, "bindings", index)
            elif queue.routing_key is not None:
                path = (*path, "routing_key")
            found.setdefault(tie(QUEUE, name, binding), path)
    for name, exchange in topology.exchanges.items():
        for index, binding in enumerate(exchange.bindings):
            place = ("exchanges", name, "bindings", index)
            found.setdefault(tie(EXCHANGE, name, binding), place)
    return found
