"""What rules know of RabbitMQ: its versions, kinds of queues, and queue arguments.

Which kind of queue takes which argument was measured on RabbitMQ 3.10.8 and read
in the `capabilities()` of its queue modules up to 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.topology.finding import ERROR, WARNING
from qtopo.topology.units import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.app import Broker
    from qtopo.topology.finding import Path
    from qtopo.topology.queues import Queue

Version = tuple[int, int]

SUPPORTED: tuple[Version, ...] = ((3, 13), (4, 0), (4, 1), (4, 2), (4, 3))
"""The versions that count where the file names none, oldest first."""

CLASSIC, QUORUM, STREAM = "classic", "quorum", "stream"

ATTRIBUTES = {
    "type": "x-queue-type",
    "max_priority": "x-max-priority",
    "message_ttl": "x-message-ttl",
    "expires": "x-expires",
    "max_length": "x-max-length",
    "max_length_bytes": "x-max-length-bytes",
    "overflow": "x-overflow",
    "delivery_limit": "x-delivery-limit",
    "single_active_consumer": "x-single-active-consumer",
    "dead_letter": "x-dead-letter-exchange",
}
"""The keys of a queue that become an argument of its declaration."""

_CLASSIC_ONLY = ("x-max-priority", "x-queue-mode", "x-queue-version", "x-queue-master-locator")
_QUORUM_ONLY = (
    "x-delivery-limit",
    "x-dead-letter-strategy",
    "x-quorum-initial-group-size",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
)
_STREAM_ONLY = (
    "x-max-age",
    "x-stream-max-segment-size-bytes",
    "x-stream-filter-size-bytes",
    "x-initial-cluster-size",
)
_NO_STREAM = (
    "x-message-ttl",
    "x-expires",
    "x-max-length",
    "x-overflow",
    "x-single-active-consumer",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
)
REFUSED = {
    CLASSIC: frozenset((*_QUORUM_ONLY, *_STREAM_ONLY)),
    QUORUM: frozenset((*_CLASSIC_ONLY, *_STREAM_ONLY)),
    STREAM: frozenset((*_CLASSIC_ONLY, *_QUORUM_ONLY, *_NO_STREAM)),
}
"""The arguments that a kind of queue is not declared with: 406 PRECONDITION_FAILED."""


class Verdict(NamedTuple):
    """How severe a thing is that fails on some versions, and on which: `RabbitMQ 3.13 to 4.2`."""

    severity: str
    where: str


class Argument(NamedTuple):
    """An argument of a queue's declaration, as it goes out, and where the file gives it."""

    name: str
    value: Any
    path: Path


class DeadLetters(NamedTuple):
    """Where a queue's dead letters go; `key` is None where they keep their own."""

    exchange: str
    key: str | None
    exchange_path: Path
    key_path: Path


def is_rabbitmq(context: Context) -> bool:
    """Whether the broker is RabbitMQ."""
    return context.topology.broker.kind.name == "rabbitmq"


def verdict(broker: Broker, fails: Callable[[Version], bool]) -> Verdict | None:
    """Return how severe it is that something fails where `fails` says so; None: it does not.

    Where the file names a version, that one decides. Otherwise what fails on
    every supported version is an error, on some of them a warning that says on
    which; `fails` has to hold for neighbours.
    """
    given = broker.version_tuple
    if given is not None:
        version = (*given, 0)[:2]
        return (
            Verdict(ERROR, f"RabbitMQ {broker.version}")
            if fails((version[0], version[1]))
            else None
        )
    failing = [version for version in SUPPORTED if fails(version)]
    if not failing:
        return None
    if len(failing) == len(SUPPORTED):
        return Verdict(ERROR, "RabbitMQ")
    first, last = (".".join(map(str, one)) for one in (failing[0], failing[-1]))
    return Verdict(WARNING, f"RabbitMQ {first}" if first == last else f"RabbitMQ {first} to {last}")


def kind(queue: Queue) -> str:
    """Return what kind of queue it is: `classic` where nothing is said.

    A raw argument that names no kind is returned as it is.
    """
    declared = queue.type or queue.arguments.get("x-queue-type") or CLASSIC
    return declared if isinstance(declared, str) else ""


def type_place(queue: Queue) -> Path:
    """Return where a queue says what kind it is."""
    if queue.type is None and "x-queue-type" in queue.arguments:
        return ("queues", queue.name, "arguments", "x-queue-type")
    return ("queues", queue.name, "type")


def arguments(queue: Queue) -> Iterator[Argument]:
    """Yield what a queue is declared with; a key of the file beats the raw argument."""
    path = ("queues", queue.name)
    given = set()
    for key, name in ATTRIBUTES.items():
        value = wire_value(queue, key)
        if value is not None:
            given.add(name)
            yield Argument(name, value, (*path, key))
    if queue.dead_letter is not None:
        # Whatever the raw argument says: the key that goes with the exchange.
        given.add("x-dead-letter-routing-key")
    for name, value in queue.arguments.items():
        if name not in given:
            yield Argument(name, value, (*path, "arguments", name))


def argument(queue: Queue, name: str) -> Argument | None:
    """Return one argument of a queue, or None."""
    return next((one for one in arguments(queue) if one.name == name), None)


def wire_value(queue: Queue, key: str) -> Any:
    """Return what a key of a queue becomes in its declaration; None where it is not given."""
    value = getattr(queue, key)
    if value is None or value is False:
        return None
    if key in ("message_ttl", "expires"):
        return milliseconds(value)
    return value.exchange if key == "dead_letter" else value


def dead_letters(queue: Queue) -> DeadLetters | None:
    """Return where dead letters go, from the key or the raw arguments; None: nowhere."""
    path: Path = ("queues", queue.name)
    if queue.dead_letter is not None:
        given = (*path, "dead_letter")
        exchange, key = queue.dead_letter.exchange, queue.dead_letter.routing_key
        # A bare name is short for the exchange: then there is no such key.
        return (
            DeadLetters(exchange, key or None, (*given, "exchange"), (*given, "routing_key"))
            if exchange
            else None
        )
    raw = queue.arguments.get("x-dead-letter-exchange")
    if not isinstance(raw, str):
        return None
    key = queue.arguments.get("x-dead-letter-routing-key")
    given = (*path, "arguments")
    return DeadLetters(
        raw,
        key if isinstance(key, str) else None,
        (*given, "x-dead-letter-exchange"),
        (*given, "x-dead-letter-routing-key"),
    )


def quorum_queues(context: Context) -> list[str]:
    """Return the quorum queues, on RabbitMQ.

    One of them changes how Celery treats all queues: no global prefetch limit,
    and delayed delivery by the broker.
    """
    if "quorum queues" not in context.memory:
        context.memory["quorum queues"] = (
            [name for name, queue in context.topology.queues.items() if kind(queue) == QUORUM]
            if is_rabbitmq(context)
            else []
        )
    found: list[str] = context.memory["quorum queues"]
    return found
