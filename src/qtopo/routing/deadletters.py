"""Where a message ends that a queue gives up: RabbitMQ's dead letters, step by step.

Measured on RabbitMQ 3.10 and held against it by `tests/live/test_dead_letter_oracle.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.delivery import deliveries
from qtopo.routing.plain import plain
from qtopo.routing.topics import has_wildcard
from qtopo.topology.common import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.routing.delivery import Deliveries
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

REJECTED, EXPIRED, OVERFLOW, OVER_DELIVERED = "rejected", "expired", "maxlen", "delivery_limit"
"""Why a queue gives a message up, in the words of RabbitMQ's header `x-death`."""

CONSUMED, PARKED, WAITS = "consumed", "parked", "waits"
"""How a way ends: a worker takes it, it waits for a person, or nobody ever takes it."""

NO_EXCHANGE, MISSING, UNROUTED, CYCLE, KEPT, UNKNOWN = (
    "the queue has no dead-letter exchange",
    "the dead-letter exchange does not exist",
    "no binding takes it",
    "it would come back without having been rejected on the way",
    "no binding takes it: the queue keeps it and tries again",
    "it depends on the message's own routing key",
)
"""Why a dead letter comes nowhere; only `KEPT` does not lose it."""


class Letter(NamedTuple):
    """One step: a queue gives the message up for a reason, and who gets it then.

    `routing_key` is the key it goes on with: its own where `keeps_key` is true
    (None: not known). `seconds` is how long it waited, where it expired. `nowhere`
    says why no queue gets it; `cycle` lists the queues that would have got it but
    for RabbitMQ's rule against cycles. `after` is the number of the step before.
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


class End(NamedTuple):
    """A queue where a way ends: `fate` is `consumed`, `parked` or `waits`."""

    queue: str
    fate: str
    workers: tuple[str, ...]


class Course(NamedTuple):
    """What becomes of a message that the queue gives up for one reason.

    `when` says in words when that happens. `letters` is empty where the message is
    refused rather than given up: the sender is told, if it asks for confirms.
    """

    reason: str
    when: str
    letters: tuple[Letter, ...]
    ends: tuple[End, ...]


class DeadLetters(NamedTuple):
    """All that can happen to messages of one queue; `supported` is false without dead letters."""

    queue: str
    supported: bool
    courses: tuple[Course, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        found: dict[str, Any] = plain(self)
        return found


class Handling(NamedTuple):
    """What a Celery worker tells the broker after an event: `ack`, `requeue` or `reject`."""

    event: str
    answer: str


HANDLINGS = (
    Handling("the task raises Reject(requeue=False)", "reject"),
    Handling("the task raises Reject(requeue=True)", "requeue"),
    Handling("the task is not registered in the worker", "reject"),
    Handling("the message cannot be decoded or is no task", "reject"),
    Handling("acks_late without acks_on_failure: the task fails", "reject"),
    Handling("acks_late without acks_on_timeout: the hard time limit ends it", "requeue"),
    Handling("acks_late with reject_on_worker_lost: the process is lost", "requeue"),
    Handling("acks_late: the task fails otherwise", "ack"),
    Handling("the task's `expires` is over, or it is revoked", "ack"),
)
"""Read in `celery/worker/request.py` and `consumer.py` of Celery 5.7: only `reject` makes a
dead letter (a quorum queue does so too after too many of `requeue`)."""


def dead_letters(
    topology: Topology,
    queue: str,
    *,
    key: str | None = None,
    headers: Mapping[str, Any] = EMPTY,
    delayed: bool = False,
) -> DeadLetters:
    """Return where messages of a declared queue end that it gives up.

    `key` and `headers` are those the message was published with; without a key it
    is the one that the queue's bindings tell, where they tell only one. `delayed`
    counts the bindings of native delayed delivery. Raises KeyError for a queue
    that is not declared.
    """
    declared = topology.queues[queue]
    if topology.broker.kind.virtual or _kind(declared) == "stream":
        return DeadLetters(queue, False, ())
    if key is None:
        known = own_keys(topology, declared)
        key = known[0] if len(known) == 1 else None
    follow = _Follower(topology, deliveries(topology, delayed=delayed), headers)
    return DeadLetters(
        queue,
        True,
        tuple(
            Course(reason, when, *(follow.course(queue, reason, key) if dies else ((), ())))
            for reason, when, dies in reasons(topology, declared)
        ),
    )


def reasons(topology: Topology, queue: Queue) -> list[tuple[str, str, bool]]:
    """Return why a queue may give messages up: the reason, when, and if it is a dead letter."""
    found = [(REJECTED, "a consumer rejects it without requeueing", True)]
    if (seconds := ttl(queue)) is not None:
        found.append((EXPIRED, f"it waited {seconds:g} s", True))
    quorum = _kind(queue) == "quorum"
    if any(_argument(queue, name) is not None for name in ("x-max-length", "x-max-length-bytes")):
        overflow = _argument(queue, "x-overflow")
        # A quorum queue does not know `reject-publish-dlx` and drops its oldest message.
        if overflow == "reject-publish":
            found.append((OVERFLOW, "it finds the queue full: it is refused", False))
        elif overflow == "reject-publish-dlx" and not quorum:
            found.append((OVERFLOW, "it finds the queue full", True))
        else:
            found.append((OVERFLOW, "it is the oldest of a full queue", True))
    if quorum and (limit := delivery_limit(topology, queue)) is not None:
        found.append((OVER_DELIVERED, f"it came back more than {limit} times", True))
    return found


def delivery_limit(topology: Topology, queue: Queue) -> int | None:
    """Return how often a quorum queue delivers again; None: without end.

    RabbitMQ has a limit of 20 by itself since 4.0, which is what counts where the
    file names no version.
    """
    given = _argument(queue, "x-delivery-limit")
    if isinstance(given, int):
        return given if given >= 0 else None
    version = topology.broker.version_tuple
    return 20 if version is None or version >= (4,) else None


def ttl(queue: Queue) -> float | None:
    """Return after how many seconds messages of a queue expire, by its own key or raw."""
    raw = queue.arguments.get("x-message-ttl")
    if queue.message_ttl is None and isinstance(raw, int):
        return raw / 1000
    return queue.message_ttl


def own_keys(topology: Topology, queue: Queue) -> list[str]:
    """Return the keys that messages get into a queue with; empty where the file does not tell."""
    wiring = topology.wiring
    bindings = wiring.bindings[queue.name]
    kinds = [wiring.exchange_type(binding.exchange) for binding in bindings]
    if not set(kinds) <= {"direct", "topic", "fanout"}:
        return []
    if queue.bindings or kinds == ["direct"]:
        # Celery publishes to it by the anonymous exchange, unless told otherwise.
        return [queue.name]
    keys = [binding.routing_key for binding in bindings]
    if "topic" in kinds and any(map(has_wildcard, keys)):
        return []
    return list(dict.fromkeys(keys))


class _Way(NamedTuple):
    """A message in a queue: its key, its headers, and its deaths, the latest first."""

    queue: str
    reason: str
    key: str | None
    headers: Mapping[str, Any]
    deaths: tuple[tuple[str, str], ...]
    after: int | None


class _Follower:
    def __init__(
        self, topology: Topology, deliveries: Deliveries, headers: Mapping[str, Any]
    ) -> None:
        self._topology = topology
        self._deliveries = deliveries
        self._headers = headers

    def course(
        self, queue: str, reason: str, key: str | None
    ) -> tuple[tuple[Letter, ...], tuple[End, ...]]:
        """Follow a message; it ends because no two ways without a rejection go in a circle."""
        letters: list[Letter] = []
        ends: dict[str, End] = {}
        todo = [_Way(queue, reason, key, self._headers, (), None)]
        for way in todo:
            letter, headers, deaths = self._letter(way)
            letters.append(letter)
            for name in letter.delivered_to:
                reached = self._topology.queues[name]
                expires = ttl(reached) is not None and _kind(reached) != "stream"
                workers = self._topology.wiring.consumers.get(name, ())
                if workers or not expires:
                    fate = CONSUMED if workers else PARKED if reached.parking else WAITS
                    ends[name] = End(name, fate, workers)
                if expires:
                    todo.append(
                        _Way(name, EXPIRED, letter.routing_key, headers, deaths, len(letters) - 1)
                    )
        return tuple(letters), tuple(ends.values())

    def _letter(self, way: _Way) -> tuple[Letter, Mapping[str, Any], tuple[tuple[str, str], ...]]:
        queue = self._topology.queues[way.queue]
        exchange, given = dead_letter_exchange(queue)
        key = way.key if given is None else given
        headers = way.headers
        if given is not None and "CC" in headers:
            headers = {name: value for name, value in headers.items() if name != "CC"}
        death = (way.queue, way.reason)
        deaths = (death, *(one for one in way.deaths if one != death))
        reached, nowhere = self._reached(queue, exchange, key, headers)
        cycle = tuple(name for name in reached if _is_cycle(name, way.reason, deaths))
        reached = tuple(name for name in reached if name not in cycle)
        if cycle and not reached:
            nowhere = CYCLE
        letter = Letter(
            queue=way.queue,
            reason=way.reason,
            exchange=exchange,
            routing_key=key,
            keeps_key=given is None,
            delivered_to=reached,
            cycle=cycle,
            nowhere=nowhere,
            seconds=ttl(queue) if way.reason == EXPIRED else None,
            after=way.after,
        )
        return letter, headers, deaths

    def _reached(
        self, queue: Queue, exchange: str | None, key: str | None, headers: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], str | None]:
        """Return the queues that would get the letter, and why there are none."""
        if exchange is None:
            return (), NO_EXCHANGE
        kept = KEPT if _keeps(queue) else None
        if exchange and exchange not in self._topology.wiring.exchanges:
            return (), kept or MISSING
        if key is None:
            # Where the key does not matter, any will do.
            some = {self._deliveries.queues(exchange, one, headers) for one in ("", "\x00.\x00")}
            kinds = {self._topology.wiring.exchange_type(exchange)}
            if len(some) == 1 and kinds <= {"fanout", "headers"}:
                return some.pop(), None
            return (), UNKNOWN
        reached = self._deliveries.queues(exchange, key, headers)
        return reached, None if reached else kept or UNROUTED


def dead_letter_exchange(queue: Queue) -> tuple[str | None, str | None]:
    """Return the exchange of a queue's dead letters and the key they get, None where none is."""
    if queue.dead_letter is not None:
        return queue.dead_letter.exchange, queue.dead_letter.routing_key
    exchange = queue.arguments.get("x-dead-letter-exchange")
    key = queue.arguments.get("x-dead-letter-routing-key")
    if not isinstance(exchange, str):
        return None, None
    return exchange, key if isinstance(key, str) else None


def _is_cycle(target: str, reason: str, deaths: tuple[tuple[str, str], ...]) -> bool:
    """Whether RabbitMQ drops a letter for a queue: it died there, and nothing rejected it since."""
    if reason == REJECTED:
        return False
    for queue, why in deaths:
        if why == REJECTED:
            return False
        if queue == target:
            return True
    return False


def _keeps(queue: Queue) -> bool:
    """Whether a quorum queue keeps what it cannot pass on; it needs both arguments for it."""
    return (
        _kind(queue) == "quorum"
        and queue.arguments.get("x-dead-letter-strategy") == "at-least-once"
        and _argument(queue, "x-overflow") == "reject-publish"
    )


def _kind(queue: Queue) -> str:
    return str(queue.type or queue.arguments.get("x-queue-type") or "classic")


_ATTRIBUTES = {
    "x-max-length": "max_length",
    "x-max-length-bytes": "max_length_bytes",
    "x-overflow": "overflow",
    "x-delivery-limit": "delivery_limit",
}


def _argument(queue: Queue, name: str) -> Any:
    """Return an argument of a queue's declaration, by its own key or raw."""
    value = getattr(queue, _ATTRIBUTES[name])
    return queue.arguments.get(name) if value is None else value
