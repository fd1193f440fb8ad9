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
    """Return the longest hard time limit of what can reach the worker, or None."""
    limits = []
    everywhere = topology.settings.get("task_time_limit")
    if isinstance(everywhere, (int, float)) and not isinstance(everywhere, bool):
        # Holds for every task without a limit of its own, those unknown included.
        limits.append(float(everywhere))
    consumed = set(worker.queues or ())
    scheduled = _scheduled_queues(topology)
    for name, task in topology.tasks.items():
        if task.time_limit is None:
            continue
        if reach is None or consumed & {*reach.get(name, ()), *scheduled.get(name, ())}:
            limits.append(task.time_limit)
    return max(limits, default=None)


def _scheduled_queues(topology: Topology) -> dict[str, set[str]]:
    """Return the queues that entries of the schedule name in place of the task's route."""
    found: dict[str, set[str]] = {}
    if topology.beat is not None:
        for entry in topology.beat.schedule.values():
            if entry.queue is not None:
                found.setdefault(entry.task, set()).add(entry.queue)
    return found
