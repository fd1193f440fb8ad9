"""The rule `rate-limit-multiplied`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RateLimitMultiplied(Rule):
    """Each of several workers keeps the rate limit of a task, and what it protects gets the sum.

    ## Why is this bad?

    Celery counts a `rate_limit` in each worker process by itself. The task uses something
    that all of them share, and that is called as many times as often as the file seems
    to say: an API answers 429, or bars the account.

    ## Example

    ```toml
    [queues.celery]

    [resources.maps]
    kind = "external-api"

    [tasks."shop.locate"]
    rate_limit = "10/s"
    uses = ["maps"]

    [workers.main]
    queues = ["celery"]
    replicas = 3
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.maps]

    [resources.maps]
    kind = "external-api"

    [tasks."shop.locate"]
    queue = "maps"
    rate_limit = "10/s"
    uses = ["maps"]

    [workers.main]
    queues = ["celery"]
    replicas = 3

    [workers.maps]
    queues = ["maps"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's user guide, `Task.rate_limit`: "this is a per worker instance rate limit".
    Issues celery#5732, celery#6591.
    """

    name = "rate-limit-multiplied"
    code = "QT531"
    severity = "warning"
    needs = (*PLACING, "resources.*", "workers.*.queues", "workers.*.replicas")

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the processes that run each limited task of an API."""
        topology = context.topology
        apis = {
            name
            for name, resource in topology.resources.items()
            if resource.kind == "external-api" and not resource.lock
        }
        if not apis:
            return
        for task, placement in placed(context, "rate_limit"):
            shared = next((name for name in task.uses if name in apis), None)
            processes = sum(topology.workers[name].replicas for name in placement.workers)
            count, _, unit = (task.rate_limit or "").partition("/")
            if shared is None or processes < 2 or not float(count):
                continue
            yield self.finding(
                f"{processes} processes run {task.name!r}, each up to {task.rate_limit}: "
                f"{shared!r} gets up to {float(count) * processes:g}/{unit}",
                ("tasks", task.name, "rate_limit"),
                help="divide the limit by the number of processes, or give the task a queue "
                "and a worker with one replica",
                related=[
                    ("this is what it uses", ("resources", shared)),
                    *(
                        ("this worker runs it", ("workers", name))
                        for name in sorted(placement.workers)[:3]
                    ),
                ],
            )
