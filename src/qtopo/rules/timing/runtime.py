"""How long a task can keep its message unacknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path
    from qtopo.topology.tasks import Task


class Runtime(NamedTuple):
    """The longest a task runs, in seconds, where that is said, and what a sentence calls it."""

    seconds: float
    path: Path
    words: str


def acks_late(context: Context, task: Task) -> bool:
    """Whether a task is acknowledged when it is done, by its own word or the setting."""
    if task.acks_late is not None:
        return task.acks_late
    return context.topology.settings.get("task_acks_late") is True


def longest(task: Task) -> Runtime | None:
    """Return the longest a task runs; None where nothing is said.

    A hard time limit ends it, so that is the longest; otherwise what is known
    of its duration.
    """
    path = ("tasks", task.name)
    if task.time_limit:
        return Runtime(task.time_limit, (*path, "time_limit"), "may run")
    if task.duration is None:
        return None
    if task.duration.p99:
        return Runtime(task.duration.p99, (*path, "duration", "p99"), "runs")
    mean = task.duration.mean
    return Runtime(mean, (*path, "duration", "mean"), "runs") if mean else None
