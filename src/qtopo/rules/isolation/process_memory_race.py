"""The rule `process-memory-race`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.isolation.users import users
from qtopo.rules.placement import PLACING, cores, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

SHARING = ("threads", "gevent", "eventlet")


class ProcessMemoryRace(Rule):
    """Tasks change the same memory at the same time, and nothing keeps them apart.

    ## Why is this bad?

    With `threads`, `gevent` and `eventlet` all tasks of a process share its memory and
    take turns at any moment: one reads, another changes, the first writes back what
    is stale. `lock` says what serialises them.

    ## Example

    ```toml
    [queues.celery]

    [resources.feature-flags]
    kind = "process-memory"

    [tasks."shop.toggle"]
    uses = ["feature-flags"]

    [workers.main]
    queues = ["celery"]
    pool = "threads"
    concurrency = 8
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [resources.feature-flags]
    kind = "process-memory"
    lock = "threading.Lock in shop.flags"

    [tasks."shop.toggle"]
    uses = ["feature-flags"]

    [workers.main]
    queues = ["celery"]
    pool = "threads"
    concurrency = 8
    ```

    ## Versions

    Any.

    ## Source

    Issue celery#4089.
    """

    name = "process-memory-race"
    code = "QT801"
    severity = "warning"
    needs = (*PLACING, "workers.*.pool", "workers.*.concurrency", "resources.*.lock")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the pools of the workers that use each resource."""
        topology = context.topology
        for name, resource in topology.resources.items():
            if resource.kind != "process-memory" or resource.lock:
                continue
            used = users(context).get(name)
            for one in () if used is None else used.workers:
                worker = topology.workers[one]
                if worker.pool in SHARING and slots(worker, cores(context, worker)) != 1:
                    yield self.finding(
                        f"tasks of worker {one!r} ({worker.pool}) change {name!r} at the same "
                        "time, "
                        "and nothing keeps them apart",
                        ("resources", name),
                        help='say what serialises them: lock = "...", or run them one at a time',
                        related=[("the worker is declared here", ("workers", one))],
                    )
                    break
