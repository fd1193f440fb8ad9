"""What a broker holds: exchanges, queues, bindings and policies of one vhost, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

PREDECLARED = {
    "amq.direct": "direct",
    "amq.topic": "topic",
    "amq.fanout": "fanout",
    "amq.headers": "headers",
    "amq.match": "headers",
}
"""Exchanges that every vhost of RabbitMQ has, and their types; exports leave them out."""


class ExchangeFound(NamedTuple):
    """An exchange; an `internal` one takes messages from other exchanges alone."""

    name: str
    type: str = "direct"
    durable: bool = True
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, Any] = {}


class QueueFound(NamedTuple):
    """A queue with the arguments it was declared with.

    `type` is what the broker made it, also where no argument says so. `consumers` is
    None where it is not known. `policy` and `operator_policy` are the names of those
    that the broker applies, None where it does not say.
    """

    name: str
    type: str | None = None
    durable: bool = True
    auto_delete: bool = False
    exclusive: bool = False
    arguments: dict[str, Any] = {}
    consumers: int | None = None
    policy: str | None = None
    operator_policy: str | None = None


class BindingFound(NamedTuple):
    """What ties a queue, or with `to_exchange` an exchange, to an exchange."""

    source: str
    destination: str
    to_exchange: bool
    key: str
    arguments: dict[str, Any] = {}

    def table(self) -> dict[str, Any]:
        """Return the binding as a comment shows it."""
        kind = "to exchange" if self.to_exchange else "to queue"
        table: dict[str, Any] = {"from": self.source, kind: self.destination, "key": self.key}
        return table | ({"arguments": self.arguments} if self.arguments else {})


class Policy(NamedTuple):
    """A policy, or with `operator` an operator's: what it adds to the names it matches."""

    name: str
    pattern: str
    apply_to: str
    priority: int
    definition: dict[str, Any]
    operator: bool = False

    @property
    def kind(self) -> str:
        """What to call it."""
        return "operator policy" if self.operator else "policy"


@dataclass
class Objects:
    """All of one vhost, or of one Redis database.

    `where` says where they were seen, `live` that the broker itself says which policy
    counts for a queue. A name is a key once: what comes twice is for the reader to say.
    """

    where: str
    live: bool = False
    exchanges: dict[str, ExchangeFound] = field(default_factory=dict)
    queues: dict[str, QueueFound] = field(default_factory=dict)
    bindings: list[BindingFound] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
