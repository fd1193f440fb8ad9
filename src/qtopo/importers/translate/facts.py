"""Queues as Celery builds them, and tasks as an application has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass
class ExchangeFacts:
    """An exchange as it is declared."""

    name: str
    type: str = "direct"
    durable: bool = True
    auto_delete: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    delivery_mode: Any = None


@dataclass
class QueueFacts:
    """A queue as Celery holds it: exchange and key are what its defaults made of them.

    With `bindings` the exchange is the one Celery publishes through, and the queue is
    bound to those alone.
    """

    name: str
    exchange: ExchangeFacts
    routing_key: str
    bindings: list[tuple[ExchangeFacts, str, dict[str, Any]]] = field(default_factory=list)
    broadcast: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    where: str | None = None
    created: bool = False


class TaskFacts(NamedTuple):
    """A task that is registered: its own routing options, and facts for `[tasks]`."""

    name: str
    options: dict[str, Any]
    facts: dict[str, Any]
    where: str | None = None
    object: Any = None


ROUTING = (
    "queue",
    "exchange",
    "exchange_type",
    "routing_key",
    "priority",
    "delivery_mode",
    "headers",
)
"""The options of a route that decide where and how a message goes."""

HARMLESS = ("serializer", "compression", "retry", "retry_policy", "mandatory", "immediate")
"""Options of a route that Celery honours and the file has no key for."""

FATAL = (
    "expires",
    "time_limit",
    "soft_time_limit",
    "countdown",
    "eta",
    "ignore_result",
    "task_id",
    "shadow",
    "reply_to",
    "args",
)
"""Options that make every publish raise TypeError when a route gives them."""
