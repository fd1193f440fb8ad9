"""The rule `broadcast-retries`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BroadcastRetries(Rule):
    """A task that is sent to every worker retries.

    ## Why is this bad?

    A retry goes where the task came from: to every worker again. Three workers and
    two retries ran a task 3 + 9 + 27 times.

    ## Example

    ```toml
    [queues.celery]
    [queues.reload]
    broadcast = true

    [tasks."shop.reload"]
    queue = "reload"
    max_retries = 2

    [workers.main]
    queues = ["celery", "reload"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reload]
    broadcast = true

    [tasks."shop.reload"]
    queue = "reload"
    max_retries = 0

    [workers.main]
    queues = ["celery", "reload"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "broadcast-retries"
    code = "QT409"
    severity = "error"
    needs = PLACING

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at where tasks with retries land."""
        if not any(one.type == "fanout" for one in context.wiring.exchanges.values()):
            return
        for task, placement in placed(context, "max_retries"):
            queue = context.topology.queues[placement.sent.queue]
            if queue.broadcast or (
                placement.sent.exchange_type == "fanout" and len(placement.queues) > 1
            ):
                yield self.finding(
                    f"task {task.name!r} goes to every worker, and so does each of its retries",
                    ("tasks", task.name, "max_retries"),
                    help="set max_retries = 0, or send it to a queue of its own",
                    related=[("its queue is declared here", ("queues", queue.name))],
                )
