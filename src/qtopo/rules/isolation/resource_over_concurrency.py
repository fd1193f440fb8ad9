"""The rule `resource-over-concurrency`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.isolation.users import users
from qtopo.rules.placement import PLACING, cores, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ResourceOverConcurrency(Rule):
    """More tasks can use a resource at a time than it bears.

    ## Why is this bad?

    `max_concurrent` is what it bears, and the workers that run its tasks have more
    places than that. Without a `lock` nothing holds them back, whatever the limit is:
    connections, licences, one writer of a file.

    ## Example

    ```toml
    [queues.celery]

    [resources.ledger]
    kind = "file"
    max_concurrent = 1

    [tasks."shop.book"]
    uses = ["ledger"]

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.ledger]

    [resources.ledger]
    kind = "file"
    max_concurrent = 1

    [tasks."shop.book"]
    queue = "ledger"
    uses = ["ledger"]

    [workers.main]
    queues = ["celery"]
    concurrency = 4

    [workers.ledger]
    queues = ["ledger"]
    concurrency = 1
    ```

    ## Versions

    Any.

    ## Source

    Follows from what the file declares: no broker is asked. Issue
    safe-transaction-service#2862.
    """

    name = "resource-over-concurrency"
    code = "QT802"
    severity = "warning"
    needs = (*PLACING, "resources.*.lock", "workers.*.pool")

    def check(self, context: Context) -> Iterator[Finding]:
        """Add up the places of the workers that use each resource."""
        topology = context.topology
        for name, resource in topology.resources.items():
            # Memory has rules of its own.
            if (
                resource.max_concurrent is None
                or resource.lock
                or resource.kind == "process-memory"
            ):
                continue
            used = users(context).get(name)
            if used is None:
                continue
            places = 0
            for one in used.workers:
                worker = topology.workers[one]
                # At least one place, where the file does not say how many.
                places += worker.replicas * (slots(worker, cores(context, worker)) or 1)
            if places > resource.max_concurrent:
                who = ", ".join(repr(one) for one in used.workers)
                yield self.finding(
                    f"{name!r} bears {resource.max_concurrent} at a time, and the workers of its "
                    "tasks "
                    f"({who}) have {places} places",
                    ("resources", name, "max_concurrent"),
                    help="give its tasks a queue and a worker of that size, or say what "
                    "serialises them: lock",
                    related=used.places,
                )
