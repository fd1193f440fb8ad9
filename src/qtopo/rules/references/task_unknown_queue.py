"""The rule `task-unknown-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TaskUnknownQueue(Rule):
    """A task names a queue that is not declared.

    ## Why is this bad?

    `queue` under `[tasks]` is a route for that one task. To a queue that does not
    exist Celery sends nothing: it raises `QueueNotFound` where the task is sent,
    or creates a queue that no worker consumes.

    ## Example

    ```toml
    [queues.celery]
    [queues.reports]

    [tasks."shop.reports.build"]
    queue = "report"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reports]

    [tasks."shop.reports.build"]
    queue = "reports"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#6692, packit#2365.
    """

    name = "task-unknown-queue"
    code = "QT102"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the queue of each task."""
        queues = context.topology.queues
        if not declared(context, "queues"):
            return
        for name, task in context.topology.tasks.items():
            if task.queue and task.queue not in queues:
                at = ("tasks", name, "queue")
                yield missing(self, f"task {name!r}", "queues", task.queue, queues, at)
