"""One scale of priorities, 0 to 9 with 9 the most urgent, and what each transport gets of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

HIGHEST = 9
UNSET = 4
"""What a task without a priority counts as."""

STEPS = tuple(range(HIGHEST + 1))
"""The steps Redis keeps a list for each of: one per priority of the scale."""


def used(topology: Topology) -> bool:
    """Whether any route gives a priority."""
    return any(route.priority is not None for route in topology.routes)


def on_wire(topology: Topology, queue: Queue | None, priority: int | None) -> int | None:
    """Return the priority a message carries, or None where it carries none.

    RabbitMQ: only for queues that have priorities, scaled down to as many as
    they have. Redis: inverted, as soon as any route has a priority, because
    Redis takes a message without one for the most urgent. Others: none.
    """
    kind = topology.broker.kind.priorities
    level = UNSET if priority is None else priority
    if kind == "inverted":
        return HIGHEST - level if used(topology) else None
    most = levels(queue)
    if kind != "native" or not most:
        return None
    if most >= HIGHEST:
        return level
    return (2 * level * most + HIGHEST) // (2 * HIGHEST)


def off_wire(topology: Topology, queue: Queue | None, priority: int) -> int | None:
    """Return what a priority on the wire is on the scale of the file; None where it has no effect.

    Where a queue has fewer levels than the scale several of the scale are one
    level; this is the middle one.
    """
    kind = topology.broker.kind.priorities
    if kind == "inverted":
        return HIGHEST - min(max(priority, 0), HIGHEST)
    most = levels(queue)
    if kind != "native" or not most:
        return None
    level = min(priority, most)
    return min(level, HIGHEST) if most >= HIGHEST else (2 * level * HIGHEST + most) // (2 * most)


def levels(queue: Queue | None) -> int:
    """Return the highest priority a queue knows on RabbitMQ; 0 where it has none."""
    if queue is None:
        return 0
    if queue.max_priority is not None:
        return queue.max_priority
    raw = queue.arguments.get("x-max-priority")
    return raw if type(raw) is int and 0 < raw < 256 else 0
