"""The rule `task-memory-over-child-limit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed
from qtopo.topology.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TaskMemoryOverChildLimit(Rule):
    """A task needs more memory than its worker's processes may have.

    ## Why is this bad?

    Celery looks after each task whether the process has grown past
    `max_memory_per_child`, by its peak, and replaces it. Here that is after every
    single run: each one pays for a new process and all it imports, and the limit
    tells nothing about leaks any more.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    memory = "1.2GB"

    [workers.main]
    queues = ["celery"]
    max_memory_per_child = "400MB"
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    memory = "1.2GB"

    [workers.main]
    queues = ["celery"]
    max_memory_per_child = "1500MB"
    ```

    ## Versions

    Any; the pool `prefork`.

    ## Source

    `billiard/pool.py`: `ru_maxrss` is compared after each job, and that is a peak.
    """

    name = "task-memory-over-child-limit"
    code = "QT852"
    severity = "warning"
    needs = (*PLACING, "workers.*.pool")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare what a task needs with the limits of the workers that get it."""
        workers = context.topology.workers
        if not any(worker.max_memory_per_child for worker in workers.values()):
            return
        for task, placement in placed(context, "memory"):
            for name in placement.workers:
                worker = workers[name]
                limit = worker.max_memory_per_child
                if worker.pool == "prefork" and limit and task.memory and task.memory > limit:
                    yield self.finding(
                        f"task {task.name!r} needs {format_size(task.memory)}: worker {name!r} "
                        f"replaces a process past {format_size(limit)}, so after every run",
                        ("workers", name, "max_memory_per_child"),
                        help="set the limit above what its tasks need",
                        related=[("what it needs is here", ("tasks", task.name, "memory"))],
                    )
                    break
