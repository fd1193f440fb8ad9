"""What a queue gives up: the values that an answer about dead letters is made of.

And the facts of one queue that decide about them, by its own keys or as raw arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

REJECTED, EXPIRED, OVERFLOW, OVER_DELIVERED = "rejected", "expired", "maxlen", "delivery_limit"
"""Why a queue gives a message up, in the words of RabbitMQ's header `x-death`."""

CONSUMED, PARKED, WAITS, REFUSED, ENDLESS = "consumed", "parked", "waits", "refused", "endless"
"""How a way ends: a worker takes it, it waits for a person, nobody ever takes it, the full
queue refuses it (nobody is told), or it goes round for ever."""

NO_EXCHANGE, MISSING, UNROUTED, CYCLE, KEPT, UNKNOWN = (
    "the queue has no dead-letter exchange",
    "the dead-letter exchange does not exist",
    "no binding takes it",
    "it would come back without having been rejected on the way",
    "no queue takes it: this one keeps it and tries again",
    "it depends on the message's own routing key",
)
"""Why a dead letter comes nowhere; only `KEPT` does not lose it."""


class Letter(NamedTuple):
    """One step: a queue gives the message up for a reason, and who gets it then.

    `routing_key` is the key it goes on with: its own where `keeps_key` is true
    (None: not known). `seconds` is how long it waited, where it expired. `nowhere`
    says why no queue gets it; `cycle` lists the queues that would have got it but
    for RabbitMQ's rule against cycles. `after` is the number of the step before.
    `certain` is false where it only happens if no worker takes the message first,
    or if a queue is full that need not be. `times` is how many such letters one message makes, if
    all that may happen does; None where it goes round, so that there is no end.
    """

    queue: str
    reason: str
    exchange: str | None
    routing_key: str | None
    keeps_key: bool
    delivered_to: tuple[str, ...]
    cycle: tuple[str, ...] = ()
    nowhere: str | None = None
    seconds: float | None = None
    after: int | None = None
    certain: bool = True
    times: int | None = 1


class End(NamedTuple):
    """A queue where a way ends: `fate` is `consumed`, `parked`, `waits`, `refused` or `endless`.

    `refused`: the queue is full and takes no more, which loses a dead letter;
    `certain` is false where it need not be full. `endless`: the message comes
    through this queue again and again, and no worker takes it.
    """

    queue: str
    fate: str
    workers: tuple[str, ...]
    certain: bool = True


class Course(NamedTuple):
    """What becomes of a message that the queue gives up for one reason.

    `when` says in words when that happens. `letters` is empty where the message is
    refused rather than given up: the sender is told, if it asks for confirms.
    `circle` are the queues that the message goes round for ever; with `grows` each
    round leaves one more message behind, or makes two of one, until the broker's
    memory is full. `circle_before_313` is the same for RabbitMQ before 3.13, where
    the file names no version and later ones do not go round. `cut` is true where
    there are so many steps that not all were followed.
    """

    reason: str
    when: str
    letters: tuple[Letter, ...] = ()
    ends: tuple[End, ...] = ()
    circle: tuple[str, ...] = ()
    grows: bool = False
    circle_before_313: tuple[str, ...] = ()
    cut: bool = False


def kind(queue: Queue) -> str:
    """Return the type of a queue: `classic` where none is given."""
    return str(queue.type or queue.arguments.get("x-queue-type") or "classic")


_ATTRIBUTES = {
    "x-max-length": "max_length",
    "x-max-length-bytes": "max_length_bytes",
    "x-overflow": "overflow",
    "x-delivery-limit": "delivery_limit",
}


def argument(queue: Queue, name: str) -> Any:
    """Return an argument of a queue's declaration, by its own key or raw."""
    value = getattr(queue, _ATTRIBUTES[name])
    return queue.arguments.get(name) if value is None else value


def ttl(queue: Queue) -> float | None:
    """Return after how many seconds messages of a queue expire, by its own key or raw."""
    raw = queue.arguments.get("x-message-ttl")
    if queue.message_ttl is None and isinstance(raw, int):
        return raw / 1000
    return queue.message_ttl


def most(queue: Queue) -> int | None:
    """Return how many messages fit, 1 where their bytes decide; None: any number."""
    limits = [argument(queue, name) for name in ("x-max-length", "x-max-length-bytes")]
    given = [one for one in limits if isinstance(one, int)]
    if not given:
        return None
    return 0 if 0 in given else max(given[0], 1)


def drops(queue: Queue) -> bool:
    """Whether a full queue gives messages up, rather than refusing new ones."""
    return bool(argument(queue, "x-overflow") != "reject-publish")


def delivery_limit(topology: Topology, queue: Queue) -> int | None:
    """Return how often a quorum queue delivers again; None: without end.

    RabbitMQ has a limit of 20 by itself since 4.0, which is what counts where the
    file names no version.
    """
    given = argument(queue, "x-delivery-limit")
    if isinstance(given, int):
        return given if given >= 0 else None
    version = topology.broker.version_tuple
    return 20 if version is None or version >= (4,) else None


def dead_letter_exchange(queue: Queue) -> tuple[str | None, str | None]:
    """Return the exchange of a queue's dead letters and the key they get, None where none is."""
    if queue.dead_letter is not None:
        return queue.dead_letter.exchange, queue.dead_letter.routing_key
    exchange = queue.arguments.get("x-dead-letter-exchange")
    key = queue.arguments.get("x-dead-letter-routing-key")
    if not isinstance(exchange, str):
        return None, None
    return exchange, key if isinstance(key, str) else None


def keeps(queue: Queue) -> bool:
    """Whether a quorum queue keeps what it cannot pass on; it needs both arguments for it."""
    return (
        kind(queue) == "quorum"
        and queue.arguments.get("x-dead-letter-strategy") == "at-least-once"
        and argument(queue, "x-overflow") == "reject-publish"
    )
