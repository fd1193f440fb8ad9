"""The rule `time-limit-over-grace`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.landing import landings
from qtopo.rules.placement import PLACING
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.tasks import Task
    from qtopo.topology.workers import Worker

_HARD = ("prefork", "gevent")


class TimeLimitOverGrace(Rule):
    """A worker is killed before the tasks it runs may be done.

    ## Why is this bad?

    On SIGTERM a worker takes no more tasks and waits for those it runs; after the
    grace it gets SIGKILL. A task that may run for longer than the grace is cut off in
    the middle by every deployment. It is lost, since it has been acknowledged; with
    `acks_late` it starts again from the beginning.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "10m"

    [workers.main]
    queues = ["celery"]
    shutdown = { drain = "1m" }
    ```

    ## Use instead

    `shutdown = "drain"` works the grace out by itself: the longest hard time limit and
    ten seconds.

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "10m"

    [workers.main]
    queues = ["celery"]
    shutdown = "drain"
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0: after SIGTERM a worker leaves when its last task is done,
    however long that takes.
    """

    name = "time-limit-over-grace"
    code = "QT902"
    severity = "warning"
    needs = (*PLACING, "settings", "tasks.*", "workers.*.pool", "workers.*.queues")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the grace of each worker with what the tasks that get to it may take."""
        workers = context.topology.workers
        draining = {
            name: worker.shutdown.drain
            for name, worker in workers.items()
            if worker.shutdown is not None and worker.shutdown.drain
        }
        if not draining:
            return
        longest: dict[str, tuple[float, str, Path]] = {}
        everywhere = context.topology.settings.get("task_acks_late") is True
        for landing in landings(context):
            for name in landing.workers:
                if name not in draining:
                    continue
                for task in landing.tasks:
                    late = task.acks_late or (everywhere and task.acks_late is None)
                    if late and task.idempotent:
                        # It starts again, which is as good.
                        continue
                    seconds, words, at = _longest(task, workers[name])
                    one = (seconds, f"task {task.name!r} {words}", at)
                    longest[name] = max(longest.get(name, one), one, key=lambda it: it[:2])
        for name, grace in draining.items():
            seconds, words, at = longest.get(name, (0.0, "", ()))
            if seconds > grace:
                yield self.finding(
                    f"worker {name!r} is killed {format_duration(grace)} after it is told to "
                    f"stop, and {words} {format_duration(seconds)}",
                    ("workers", name, "shutdown", "drain"),
                    help=f"give it {format_duration(seconds + 10)}, or write shutdown = "
                    '"drain", which works it out',
                    related=[("this is what it may take", at)],
                )


def _longest(task: Task, worker: Worker) -> tuple[float, str, Path]:
    path = ("tasks", task.name)
    if task.time_limit and worker.pool in _HARD:
        return task.time_limit, "may run for", (*path, "time_limit")
    if task.duration is None:
        return 0.0, "", path
    if task.duration.p99:
        return task.duration.p99, "runs for up to", (*path, "duration", "p99")
    return task.duration.mean or 0.0, "runs for", (*path, "duration")
