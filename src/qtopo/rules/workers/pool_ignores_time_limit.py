"""The rule `pool-ignores-time-limit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed
from qtopo.rules.workers.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

IGNORED = {
    "threads": ("time_limit", "soft_time_limit"),
    "solo": ("time_limit", "soft_time_limit"),
    "eventlet": ("time_limit", "soft_time_limit"),
    "gevent": ("soft_time_limit",),
}


class PoolIgnoresTimeLimit(Rule):
    """A task has a time limit that its worker's pool ignores.

    ## Why is this bad?

    `prefork` ends a task at its limits. `threads`, `solo` and `eventlet` know no time
    limits, and `gevent` only the hard one, which it can enforce only where the task
    waits. A task that hangs there holds its place for ever.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "10m"

    [workers.main]
    queues = ["celery"]
    pool = "threads"
    concurrency = 8
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "10m"

    [workers.main]
    queues = ["celery"]
    concurrency = 8
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0. Issues celery#9203, celery#1958, celery#5786.
    """

    name = "pool-ignores-time-limit"
    code = "QT504"
    severity = "warning"
    needs = (*PLACING, "workers.*.pool")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the pools of the workers that get each task."""
        workers = context.topology.workers
        if not any(worker.pool in IGNORED for worker in workers.values()):
            return
        for name, worker in workers.items():
            ignored = IGNORED.get(worker.pool, ())
            for flag in flags(worker.extra_args) if ignored else ():
                if flag.name.replace("-", "_") in ignored:
                    yield self.finding(
                        f"worker {name!r} ignores {flag.text}: pool {worker.pool!r} does not "
                        "know it",
                        ("workers", name, "extra_args", flag.place),
                        help="leave it out, or use the pool prefork",
                        related=[("the pool is said here", ("workers", name, "pool"))],
                    )
        for task, placement in placed(context, "time_limit", "soft_time_limit"):
            for name in sorted(placement.workers):
                pool = workers[name].pool
                keys = [key for key in IGNORED.get(pool, ()) if getattr(task, key) is not None]
                if keys:
                    yield self.finding(
                        f"worker {name!r} ignores {' and '.join(keys)} of task {task.name!r}: "
                        f"pool {pool!r} does not know it",
                        ("tasks", task.name, keys[0]),
                        help="send it to a worker with the pool prefork",
                        related=[("the worker is declared here", ("workers", name))],
                    )
                    break
