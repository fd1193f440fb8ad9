"""The rule `cpu-bound-on-green-pool`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import GREEN, PLACING, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

BUSY = 0.5


class CpuBoundOnGreenPool(Rule):
    """A task that computes runs on a pool made for waiting.

    ## Why is this bad?

    With gevent and eventlet all tasks of a process share one core and take turns
    only where they wait. A task that computes lets no other run: its neighbours
    stand still, heartbeats included, until the broker drops the connection.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    cpu = 1.0

    [workers.main]
    queues = ["celery"]
    pool = "gevent"
    concurrency = 100
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reports]

    [tasks."shop.report"]
    queue = "reports"
    cpu = 1.0

    [workers.main]
    queues = ["celery"]
    pool = "gevent"
    concurrency = 100

    [workers.reports]
    queues = ["reports"]
    ```

    ## Versions

    Any.

    ## Source

    Follows from how gevent and eventlet switch: only where a task waits.
    """

    name = "cpu-bound-on-green-pool"
    code = "QT510"
    severity = "warning"
    needs = (*PLACING, "workers.*.concurrency")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the pools of the workers that get each task."""
        workers = context.topology.workers
        if not any(worker.pool in GREEN for worker in workers.values()):
            return
        for task, placement in placed(context, "cpu"):
            if task.cpu is None or task.cpu < BUSY:
                continue
            for name in placement.workers:
                worker = workers[name]
                if worker.pool in GREEN and worker.capacity != 1:
                    yield self.finding(
                        f"task {task.name!r} keeps {task.cpu:g} cores busy: "
                        f"on worker {name!r} ({worker.pool}) nothing else runs meanwhile",
                        ("tasks", task.name, "cpu"),
                        help="send it to a worker with the pool prefork",
                        related=[("the worker is declared here", ("workers", name))],
                    )
                    break
