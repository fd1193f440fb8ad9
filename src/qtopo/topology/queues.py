"""`[queues.NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import ARGUMENTS, DURATION, EMPTY, FLAG, KEY, NAME, PERIOD, PROSE, SIZE
from qtopo.topology.exchanges import BINDINGS, Binding
from qtopo.topology.kinds import Number, Table, Text
from qtopo.topology.model import Model, field, name_field

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeadLetter(Model):
    """Where RabbitMQ sends what was rejected, expired or overflowed."""

    exchange: str = field(NAME, "The exchange that takes dead letters.")
    routing_key: str | None = field(
        KEY, "The key they are published with; without it they keep their own.", default=None
    )


class Slo(Model):
    """What the queue promises."""

    wait: float | None = field(PERIOD, "The longest acceptable wait.", default=None)


class Queue(Model):
    """Where messages wait for a worker.

    Without `exchange` and `bindings` it has a direct exchange and a binding key
    of its own, both with its name.
    """

    EXCLUSIVE = (
        ("bindings", ("exchange", "routing_key", "binding_arguments")),
        ("broadcast", ("exchange", "bindings")),
    )

    name: str = name_field()
    exchange: str | None = field(NAME, "The exchange it is bound to.", default=None)
    routing_key: str | None = field(
        KEY, "The binding key; without it the queue's name.", default=None
    )
    binding_arguments: Mapping[str, Any] = field(
        ARGUMENTS, "The match table, for a headers exchange.", default=EMPTY
    )
    bindings: tuple[Binding, ...] = field(
        BINDINGS, "Several bindings, in place of `exchange` and `routing_key`.", default=()
    )
    broadcast: bool = field(FLAG, "Whether every worker gets every message.", default=False)
    type: str | None = field(
        Text(options=("classic", "quorum", "stream")), "RabbitMQ's kind of queue.", default=None
    )
    durable: bool = field(FLAG, "Whether it outlives a restart of the broker.", default=True)
    exclusive: bool = field(FLAG, "Whether one connection alone may use it.", default=False)
    auto_delete: bool = field(FLAG, "Whether it goes with its last consumer.", default=False)
    max_priority: int | None = field(
        Number(0, 255), "How many levels of priority RabbitMQ keeps.", default=None
    )
    message_ttl: float | None = field(
        DURATION, "How long a message may wait before it expires.", default=None
    )
    expires: float | None = field(
        PERIOD, "How long it may stay unused before the broker deletes it.", default=None
    )
    max_length: int | None = field(Number(0), "How many messages may wait.", default=None)
    max_length_bytes: int | None = field(SIZE, "How many bytes may wait.", default=None)
    overflow: str | None = field(
        Text(options=("drop-head", "reject-publish", "reject-publish-dlx")),
        "What happens to a message that finds the queue full.",
        default=None,
    )
    delivery_limit: int | None = field(
        Number(0), "How often a quorum queue delivers a message again.", default=None
    )
    single_active_consumer: bool = field(
        FLAG, "Whether one consumer at a time gets messages.", default=False
    )
    dead_letter: DeadLetter | None = field(
        Table(DeadLetter, shorthand="exchange"), "Where dead letters go.", default=None
    )
    consumer_arguments: Mapping[str, Any] = field(
        ARGUMENTS, "Arguments of the consumer, such as `x-priority`.", default=EMPTY
    )
    arguments: Mapping[str, Any] = field(
        ARGUMENTS, "Raw `x-` arguments, the last resort.", default=EMPTY
    )
    description: str | None = field(PROSE, "What it is for.", default=None)
    owner: str | None = field(PROSE, "Who answers for it.", default=None)
    slo: Slo | None = field(Table(Slo), "What the queue promises.", default=None)
    parking: bool = field(
        FLAG,
        "Whether messages wait here for a person, on purpose without a consumer.",
        default=False,
    )
