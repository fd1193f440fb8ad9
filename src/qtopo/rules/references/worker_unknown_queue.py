"""The rule `worker-unknown-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkerUnknownQueue(Rule):
    """A worker consumes a queue that is not declared.

    ## Why is this bad?

    `celery worker -Q` takes any name. It creates the queue it does not know, says
    that it is ready, and waits for tasks that go to another queue.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues sentry#7856, sentry#8498, celery#4463.
    """

    name = "worker-unknown-queue"
    code = "QT104"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the queues of each worker."""
        queues = context.topology.queues
        if not declared(context, "queues"):
            return
        for name, worker in context.topology.workers.items():
            seen: set[str] = set()
            for index, queue in enumerate(worker.queues):
                # The same name a second time is another rule's.
                if queue and queue not in queues and queue not in seen:
                    seen.add(queue)
                    at = ("workers", name, "queues", index)
                    yield missing(self, f"worker {name!r}", "queues", queue, queues, at)
