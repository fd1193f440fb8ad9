"""The rule `threads-autoscale`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ThreadsAutoscale(Rule):
    """A worker with the pool `threads` has `autoscale`.

    ## Why is this bad?

    The thread pool cannot grow. Started by hand with `--autoscale` the worker dies at
    the first attempt to scale up: `AttributeError: ... has no attribute 'grow'`. What
    qtopo prints and writes therefore has `-c` with the largest size instead: the
    worker runs, but it does not scale as the file says.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "threads"
    autoscale = { min = 2, max = 8 }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "threads"
    concurrency = 8
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issue celery#5333.
    """

    name = "threads-autoscale"
    code = "QT500"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at workers with threads."""
        for name, worker in context.topology.workers.items():
            if worker.pool != "threads" or not context.is_sound("workers", name, "autoscale"):
                continue
            if worker.autoscale is not None:
                yield self.finding(
                    f"worker {name!r} has threads and autoscale: threads cannot scale, so it "
                    "always runs the most",
                    ("workers", name, "autoscale"),
                    help=f"write concurrency = {worker.autoscale.max or 8}, or use another pool",
                    related=[("the pool is said here", ("workers", name, "pool"))],
                )
