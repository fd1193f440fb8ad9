"""The rule `process-memory-not-shared`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.isolation.users import users
from qtopo.rules.placement import PLACING, cores, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ProcessMemoryNotShared(Rule):
    """State in a process's memory is used by tasks in several processes.

    ## Why is this bad?

    Each process has its own copy: what one task changes, the next does not see if it
    runs elsewhere. It goes well in a test with one process, and now and then.

    ## Example

    ```toml
    [queues.celery]

    [resources.feature-flags]
    kind = "process-memory"

    [tasks."shop.toggle"]
    uses = ["feature-flags"]

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [resources.feature-flags]
    kind = "process-memory"

    [tasks."shop.toggle"]
    uses = ["feature-flags"]

    [workers.main]
    queues = ["celery"]
    concurrency = 1
    ```

    ## Versions

    Any.

    ## Source

    Follows from how the pools run: prefork forks, and replicas are processes.
    """

    name = "process-memory-not-shared"
    code = "QT800"
    severity = "warning"
    needs = (
        *PLACING,
        "workers.*.pool",
        "workers.*.concurrency",
        "workers.*.autoscale",
        "workers.*.replicas",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the processes that use each resource."""
        topology = context.topology
        for name, resource in topology.resources.items():
            if resource.kind != "process-memory":
                continue
            used = users(context).get(name)
            if used is None:
                continue
            processes = 0
            for one in used.workers:
                worker = topology.workers[one]
                size = slots(worker, cores(context, worker)) if worker.pool == "prefork" else 1
                # Without a size there is a process for each core.
                processes += worker.replicas * (2 if size is None else size)
            if processes > 1:
                who = ", ".join(repr(one) for one in sorted(used.workers))
                yield self.finding(
                    f"{name!r} is in a process's memory, and its tasks run in several processes "
                    f"(worker {who}): each has a copy of its own",
                    ("resources", name, "kind"),
                    help="keep it in a database or a cache, or run its tasks in one process",
                    related=used.places,
                )
