"""The rule `solo-concurrency`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class SoloConcurrency(Rule):
    """A worker with the pool `solo` has a size.

    ## Why is this bad?

    `solo` runs one task at a time, in the worker's own process. With `-c 8` Celery
    only reserves messages for eight, and holds tasks that others could run. The
    command that qtopo prints therefore leaves the size out: it has no effect, and
    whoever reads the file counts on places that are not there.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "solo"
    concurrency = 8
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "solo"
    replicas = 8
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "solo-concurrency"
    code = "QT501"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at solo workers."""
        for name, worker in context.topology.workers.items():
            if worker.pool != "solo" or not context.is_sound("workers", name, "autoscale"):
                continue
            key = "autoscale" if worker.autoscale is not None else "concurrency"
            if worker.autoscale is not None or (worker.concurrency or 1) > 1:
                yield self.finding(
                    f"worker {name!r} runs one task at a time (pool solo), whatever {key} says",
                    ("workers", name, key),
                    help="use replicas, or another pool",
                    related=[("the pool is said here", ("workers", name, "pool"))],
                )
