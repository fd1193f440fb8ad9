"""The rule `quorum-autoscale`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import quorum_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QuorumAutoscale(Rule):
    """A worker scales itself, but what it reserves stays the same.

    ## Why is this bad?

    With a quorum queue anywhere Celery cannot change how many messages a worker
    reserves while it runs. It reserves for its largest size from the start, and holds
    tasks that others could run while it is small.

    ## Example

    ```toml
    [queues.celery]
    type = "quorum"

    [workers.main]
    queues = ["celery"]
    autoscale = { min = 2, max = 16 }
    ```

    ## Use instead

    ```toml
    [queues.celery]
    type = "quorum"

    [workers.main]
    queues = ["celery"]
    concurrency = 16
    ```

    ## Versions

    RabbitMQ with quorum queues, which Celery looks for in the whole application.

    ## Source

    Read in the source of Celery 5.7.0. Issue rabbitmq-server#11948.
    """

    name = "quorum-autoscale"
    code = "QT655"
    severity = "warning"
    needs = ("broker.transport", "queues.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for workers that scale, where there is a quorum queue."""
        quorum = quorum_queues(context)
        if not quorum:
            return
        for name, worker in context.topology.workers.items():
            # Threads and solo cannot scale at all: other rules say so.
            if worker.pool in ("threads", "solo") or worker.autoscale is None:
                continue
            if context.is_sound("workers", name, "autoscale"):
                yield self.finding(
                    f"worker {name!r} scales itself, but always reserves for its largest size: "
                    f"{quorum[0]!r} is a quorum queue",
                    ("workers", name, "autoscale"),
                    help="use concurrency, and replicas to scale",
                    related=[("the queue is declared here", ("queues", quorum[0]))],
                )
