"""The rule `pool-ignores-recycling`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class PoolIgnoresRecycling(Rule):
    """A worker replaces its child processes, but its pool has none.

    ## Why is this bad?

    `max_tasks_per_child` and `max_memory_per_child` are for `prefork`. The other
    pools run everything in one process and ignore them, so that a leak they were
    meant to contain grows until the machine ends it.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "gevent"
    concurrency = 100
    max_tasks_per_child = 500
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    max_tasks_per_child = 500
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0.
    """

    name = "pool-ignores-recycling"
    code = "QT503"
    severity = "warning"
    needs = ("workers.*.pool",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at workers of the other pools."""
        for name, worker in context.topology.workers.items():
            if worker.pool == "prefork":
                continue
            for key in ("max_tasks_per_child", "max_memory_per_child"):
                if getattr(worker, key) is not None:
                    yield self.finding(
                        f"worker {name!r} has {key}, which pool {worker.pool!r} ignores",
                        ("workers", name, key),
                        help="leave it out, or use the pool prefork",
                        related=[("the pool is said here", ("workers", name, "pool"))],
                    )
