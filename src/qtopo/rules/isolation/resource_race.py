"""The rule `resource-race`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.isolation.users import users
from qtopo.rules.placement import PLACING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

_KINDS = ("file", "database", "cache")


class ResourceRace(Rule):
    """Several workers change one thing, and nothing keeps them apart.

    ## Why is this bad?

    Two workers, or two replicas of one, run its tasks at the same time: one reads,
    another changes, the first writes back what is stale. `lock` says what serialises
    them; `max_concurrent` says how many it bears.

    ## Example

    ```toml
    [queues.celery]

    [resources.ledger]
    kind = "file"

    [tasks."shop.book"]
    uses = ["ledger"]

    [workers.main]
    queues = ["celery"]
    concurrency = 1
    replicas = 2
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [resources.ledger]
    kind = "file"
    lock = "flock on the ledger"

    [tasks."shop.book"]
    uses = ["ledger"]

    [workers.main]
    queues = ["celery"]
    concurrency = 1
    replicas = 2
    ```

    ## Versions

    Any.

    ## Source

    Celery's cookbook, "Ensuring a task is only executed one at a time".
    """

    name = "resource-race"
    code = "QT820"
    severity = "warning"
    needs = (
        *PLACING,
        "resources.*",
        "workers.*.queues",
        "workers.*.replicas",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the processes that run the tasks of each resource."""
        topology = context.topology
        for name, resource in topology.resources.items():
            if resource.kind not in _KINDS or resource.lock or resource.max_concurrent is not None:
                continue
            used = users(context).get(name)
            if used is None:
                continue
            replicas = sum(topology.workers[one].replicas for one in used.workers)
            if replicas > 1:
                who = ", ".join(repr(one) for one in sorted(used.workers)[:3])
                yield self.finding(
                    f"{replicas} worker processes ({who}) change {name!r}, "
                    "and nothing keeps them apart",
                    ("resources", name),
                    help='say what serialises them: lock = "...", how many it bears: '
                    "max_concurrent, or run them one at a time",
                    related=used.places,
                )
