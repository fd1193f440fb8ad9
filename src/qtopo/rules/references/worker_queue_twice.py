"""The rule `worker-queue-twice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import take_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkerQueueTwice(Rule):
    """A worker lists the same queue twice.

    ## Why is this bad?

    Celery consumes a queue once, however often `-Q` names it: the repetition adds
    no weight. Most often it is a copy in which another queue was meant, which is
    then missing.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery", "celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "worker-queue-twice"
    code = "QT116"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for names that a worker's list holds already."""
        for name, worker in context.topology.workers.items():
            seen: dict[str, int] = {}
            for index, queue in enumerate(worker.queues):
                first = seen.setdefault(queue, index)
                if first != index and queue:
                    path = ("workers", name, "queues")
                    yield self.finding(
                        f"worker {name!r} lists queue {queue!r} twice",
                        (*path, index),
                        help="take one of them out",
                        fix=take_out((*path, index), f"take the second {queue!r} out"),
                        related=(("it stands here already", (*path, first)),),
                    )
