"""Where a message ends that a queue gives up: RabbitMQ's dead letters, step by step.

Read in RabbitMQ's source (3.10 to 4.0), measured on 3.10 and held against it by
`tests/live/test_dead_letter_oracle.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.delivery import deliveries
from qtopo.routing.following import Follower
from qtopo.routing.letters import (
    EXPIRED,
    OVER_DELIVERED,
    OVERFLOW,
    REJECTED,
    Course,
    End,
    Letter,
    argument,
    delivery_limit,
    kind,
    ttl,
)
from qtopo.routing.plain import plain
from qtopo.routing.topics import has_wildcard
from qtopo.topology.common import EMPTY
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

__all__ = (
    "EXPIRED",
    "HANDLINGS",
    "OVERFLOW",
    "OVER_DELIVERED",
    "REJECTED",
    "Course",
    "DeadLetters",
    "End",
    "Handling",
    "Letter",
    "dead_letters",
    "own_keys",
    "reasons",
    "ttl",
)

LATEST_FIRST = (3, 13)
"""The version of RabbitMQ since which it knows the order in which a message died."""


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
    if topology.broker.kind.virtual or kind(declared) == "stream":
        return DeadLetters(queue, False, ())
    if key is None:
        known = own_keys(topology, declared)
        key = known[0] if len(known) == 1 else None
    version = topology.broker.version_tuple
    broker = deliveries(topology, delayed=delayed)

    def follow(reason: str, when: str, *, turns: bool) -> Course:
        return Follower(topology, broker, headers, turns=turns).course(queue, reason, when, key)

    courses = []
    for reason, when, dies in reasons(topology, declared):
        course = Course(reason, when)
        if dies:
            course = follow(reason, when, turns=version is not None and version < LATEST_FIRST)
            if version is None and not course.circle:
                older = follow(reason, when, turns=True)
                course = course._replace(circle_before_313=older.circle)
        courses.append(course)
    return DeadLetters(queue, True, tuple(courses))


def reasons(topology: Topology, queue: Queue) -> list[tuple[str, str, bool]]:
    """Return why a queue may give messages up: the reason, when, and if it is a dead letter."""
    found = [(REJECTED, "a consumer rejects it without requeueing", True)]
    if (seconds := ttl(queue)) is not None:
        found.append((EXPIRED, f"it waited {format_duration(seconds)}", True))
    quorum = kind(queue) == "quorum"
    if any(argument(queue, name) is not None for name in ("x-max-length", "x-max-length-bytes")):
        overflow = argument(queue, "x-overflow")
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
