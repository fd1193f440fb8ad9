"""Field by field: in what an exchange or a queue that both files declare differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.changes.immutable import (
    EXCHANGE_FLAGS,
    QUEUE_FLAGS,
    exchange_argument_stays,
    queue_argument_stays,
    same,
)
from qtopo.topology.units import format_duration, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.changes.declared import DeclaredExchange, DeclaredQueue
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

_KEYS = {
    "x-queue-type": "type",
    "x-dead-letter-exchange": "dead_letter.exchange",
    "x-dead-letter-routing-key": "dead_letter.routing_key",
    **{
        "x-" + key.replace("_", "-"): key
        for key in (
            "delivery_limit",
            "expires",
            "max_length",
            "max_length_bytes",
            "max_priority",
            "message_ttl",
            "overflow",
            "single_active_consumer",
        )
    },
}
"""The keys of the file that become arguments of a queue."""


class Field(NamedTuple):
    """A field that differs: its key, the values as the file writes them, where it stands.

    `wire` is the argument's name on the wire, None for a property; `stays` says
    that RabbitMQ keeps the old value until the thing is re-created.
    """

    key: str
    wire: str | None
    old: Any
    new: Any
    path: Path
    stays: bool


def exchange_fields(name: str, old: DeclaredExchange, new: DeclaredExchange) -> Iterator[Field]:
    """Yield what differs between two declarations of an exchange."""
    path: Path = ("exchanges", name)
    for flag in EXCHANGE_FLAGS:
        before, after = getattr(old, flag), getattr(new, flag)
        if before != after:
            yield Field(flag, None, before, after, (*path, flag), True)
    for wire, before, after in _differing(old.arguments, new.arguments):
        stays = exchange_argument_stays(new.type, wire) or exchange_argument_stays(old.type, wire)
        if wire == "alternate-exchange":
            yield Field("alternate", wire, before, after, (*path, "alternate"), stays)
        else:
            place = (*path, "arguments", wire)
            yield Field(f"arguments.{wire}", wire, before, after, place, stays)


def queue_fields(
    name: str, old: DeclaredQueue, new: DeclaredQueue, topology: Topology
) -> Iterator[Field]:
    """Yield what differs between two declarations of a queue."""
    path: Path = ("queues", name)
    for flag in QUEUE_FLAGS:
        before, after = getattr(old, flag), getattr(new, flag)
        if before != after:
            yield Field(flag, None, before, after, (*path, flag), True)
    for wire, before, after in _differing(old.arguments, new.arguments):
        key = _KEYS.get(wire)
        place = (*path, *key.split(".")) if key else (*path, "arguments", wire)
        yield Field(
            key or f"arguments.{wire}",
            wire,
            _shown(wire, before),
            _shown(wire, after),
            place,
            queue_argument_stays(topology, wire),
        )


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if (name in old) != (name in new) or not same(before, after):
            yield name, before, after


def _shown(wire: str, value: Any) -> Any:
    """Return a value on the wire as the file writes it."""
    if type(value) is int and value >= 0:
        if wire in ("x-message-ttl", "x-expires"):
            return format_duration(value / 1000)
        if wire == "x-max-length-bytes" and value:
            return format_size(value)
    return value
