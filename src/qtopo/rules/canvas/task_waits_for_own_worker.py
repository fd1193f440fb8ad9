"""The rule `task-waits-for-own-worker`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, place, placed, slots
from qtopo.topology.finding import ERROR
from qtopo.topology.misspelling import Misspellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TaskWaitsForOwnWorker(Rule):
    """A task waits for the result of one that only the same workers can run.

    ## Why is this bad?

    The waiting task holds a place of the pool. When such tasks hold them all, those
    they wait for are never started: nothing moves any more. Where there is one place
    in all that happens at once.

    ## Example

    ```toml
    [queues.celery]

    [results]
    backend = "redis"
    url = "env:RESULTS"

    [tasks."shop.report"]
    waits_for = ["shop.chart"]

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.charts]

    [results]
    backend = "redis"
    url = "env:RESULTS"

    [tasks."shop.report"]
    waits_for = ["shop.chart"]

    [tasks."shop.chart"]
    queue = "charts"

    [workers.main]
    queues = ["celery"]
    concurrency = 4

    [workers.charts]
    queues = ["charts"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's documentation, Tasks: Avoid launching synchronous subtasks.
    """

    name = "task-waits-for-own-worker"
    code = "QT704"
    severity = "warning"
    worst = ERROR
    needs = (*PLACING, "workers.*.queues", "workers.*.replicas")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the workers of both tasks."""
        workers = context.topology.workers
        tasks = context.topology.tasks
        slips: Misspellings | None = None
        for task, placement in placed(context, "waits_for"):
            for index, awaited in enumerate(task.waits_for):
                if awaited not in tasks:
                    slips = slips or Misspellings(tasks)
                    if slips.find(awaited):
                        # Another task is meant, and that has been reported.
                        continue
                other = place(context, awaited) if awaited else None
                if (
                    other is None
                    or not other.workers
                    or not set(other.workers) <= set(placement.workers)
                ):
                    continue
                sizes = [slots(workers[name]) for name in placement.workers]
                total = sum(
                    (size or 2) * workers[name].replicas
                    for size, name in zip(sizes, placement.workers, strict=True)
                )
                names = " and ".join(repr(name) for name in other.workers)
                what = "itself" if awaited == task.name else repr(awaited)
                yield self.finding(
                    f"task {task.name!r} waits for {what}, which only its own worker {names} can "
                    "run: "
                    + (
                        "it holds the one place there is"
                        if total == 1
                        else "when such tasks hold every place, nothing moves"
                    ),
                    ("tasks", task.name, "waits_for", index),
                    help="make it a chain or a chord, or give the other task a worker of its own",
                    related=[
                        (f"worker {name!r} runs both", ("workers", name)) for name in other.workers
                    ],
                    severity=ERROR if total == 1 else self.severity,
                )
