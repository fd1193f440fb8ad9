"""The rule `worker-unknown-machine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkerUnknownMachine(Rule):
    """A worker runs on a machine that is not declared.

    ## Why is this bad?

    Without the machine nothing is known of the cores and the memory the worker
    has, so that nothing can say whether its processes fit.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    machine = "smal"

    [machines.small]
    cpus = 2
    memory = "4GB"
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    machine = "small"

    [machines.small]
    cpus = 2
    memory = "4GB"
    ```

    ## Versions

    Any.

    ## Source

    A contradiction in the file itself: no broker is asked.
    """

    name = "worker-unknown-machine"
    code = "QT110"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the machine of each worker."""
        machines = context.topology.machines
        if not declared(context, "machines"):
            return
        for name, worker in context.topology.workers.items():
            if worker.machine and worker.machine not in machines:
                at = ("workers", name, "machine")
                yield missing(self, f"worker {name!r}", "machines", worker.machine, machines, at)
