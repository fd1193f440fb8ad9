"""How long a worker may take to stop: the grace between SIGTERM and SIGKILL.

Which queues a task reaches is `routing`'s to say; it is handed in.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

MARGIN = 10.0
"""Seconds that Celery needs beyond the tasks themselves."""

ENFORCING = ("prefork", "gevent")
"""The pools that end a task at its hard time limit; the others let it run on."""

BEAT_GRACE = 10.0
"""Seconds for beat, which runs nothing and only writes its schedule down."""


UNBOUNDED = 86_400
"""Seconds for a platform that needs a number where nothing bounds the tasks: a day.

A process that is done leaves at once; a short time would cut tasks off.
"""


class Stopping(NamedTuple):
    """How a process stops; all in seconds.

    `grace` is the time between SIGTERM and SIGKILL (None: no task that reaches
    it has a hard time limit, so nothing bounds it). `soft` is given where
    SIGTERM means Celery's soft shutdown, and is its `worker_soft_shutdown_timeout`.
    """

    grace: float | None
    soft: float | None = None

    @property
    def seconds(self) -> int:
        """The grace in whole seconds, never less; `UNBOUNDED` where nothing bounds it."""
        return UNBOUNDED if self.grace is None else ceil(self.grace)


def stopping(
    topology: Topology, worker: Worker, reach: Mapping[str, Collection[str]] | None = None
) -> Stopping:
    """Return how a worker stops.

    `reach` maps a task to the queues its messages get to. Without it every task
    counts for every worker, which gives the longest grace that could be needed.
    """
    shutdown = worker.shutdown
    if shutdown is not None and shutdown.soft is not None:
        return Stopping(shutdown.soft + MARGIN, shutdown.soft)
    if shutdown is not None and shutdown.drain is not None:
        return Stopping(shutdown.drain)
    longest = _longest_limit(topology, worker, reach)
    return Stopping(None if longest is None else longest + MARGIN)


def _longest_limit(
    topology: Topology, worker: Worker, reach: Mapping[str, Collection[str]] | None
) -> float | None:
    """Return the longest that what can reach the worker runs, or None where no limit bounds it.

    A limit bounds nothing for tasks without one, nor in a pool that enforces
    none: where those are known to run for longer, that counts.
    """
    limits, runs = [], [0.0]
    everywhere = topology.settings.get("task_time_limit")
    bounded = False
    if isinstance(everywhere, (int, float)) and not isinstance(everywhere, bool):
        # Holds for every task without a limit of its own, those unknown included.
        bounded = True
        limits.append(float(everywhere))
    enforced = worker.pool in ENFORCING
    consumed = set(worker.queues or ())
    scheduled = _scheduled_queues(topology)
    for name, task in topology.tasks.items():
        if task.time_limit is None and (task.duration is None or (bounded and enforced)):
            continue
        if reach is not None and not consumed & {*reach.get(name, ()), *scheduled.get(name, ())}:
            continue
        if task.time_limit is not None:
            limits.append(task.time_limit)
        if task.duration is not None and not (enforced and (task.time_limit or bounded)):
            runs.append(task.duration.p99 or task.duration.mean or 0.0)
    return max(*limits, *runs) if limits else None


def _scheduled_queues(topology: Topology) -> dict[str, set[str]]:
    """Return the queues that entries of the schedule name in place of the task's route."""
    found: dict[str, set[str]] = {}
    if topology.beat is not None:
        for entry in topology.beat.schedule.values():
            if entry.queue is not None:
                found.setdefault(entry.task, set()).add(entry.queue)
    return found
