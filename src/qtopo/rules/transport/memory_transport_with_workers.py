"""The rule `memory-transport-with-workers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class MemoryTransportWithWorkers(Rule):
    """Workers are declared for a broker that lives in one process.

    ## Why is this bad?

    The memory transport keeps queues in the memory of the process that sends. A
    worker is another process, so it never gets a task. It is for tests that run
    everything in one process.

    ## Example

    ```toml
    [broker]
    transport = "memory"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    The memory transport.

    ## Source

    Read in the source of kombu 5.7.0.
    """

    name = "memory-transport-with-workers"
    code = "QT415"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for workers that could not be reached."""
        topology = context.topology
        if topology.broker.kind.name != "memory":
            return
        worker = next((one for one in topology.workers.values() if one.replicas), None)
        if worker is not None:
            yield self.finding(
                "the memory transport does not leave its process: no worker gets a task",
                ("broker", "transport"),
                help="use redis or rabbitmq; memory is for tests in one process",
                related=[("a worker is declared here", ("workers", worker.name))],
            )
