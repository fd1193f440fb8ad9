"""The rule `default-queue-unconsumed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references import consumption
from qtopo.rules.references.lookup import PARTS
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DefaultQueueUnconsumed(Rule):
    """No worker consumes the default queue.

    ## Why is this bad?

    The default queue gets every task without a route. Among them are those that
    Celery sends for itself: `celery.backend_cleanup`, `celery.starmap`, which are the
    parts of `chunks()`, and `celery.chord_unlock` where the body of a chord has no
    route, without which it never ends on most result backends. They would all wait
    for ever.

    ## Example

    ```toml
    [defaults]
    queue = "default"

    [queues.default]
    [queues.emails]

    [workers.main]
    queues = ["emails"]
    ```

    ## Use instead

    ```toml
    [defaults]
    queue = "default"

    [queues.default]
    [queues.emails]

    [workers.main]
    queues = ["emails", "default"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#2103, chacra#105, freeframe#240, omniport#241.
    """

    name = "default-queue-unconsumed"
    code = "QT114"
    severity = "error"
    needs = (*PARTS, "workers.*.queues", "workers.*.replicas")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for a running consumer of the default queue."""
        name = context.topology.default_queue
        given = context.topology.defaults.queue is not None
        if name in consumption.idle(context):
            yield self.finding(
                f"no worker consumes the default queue {name!r},"
                " which gets every task without a route, Celery's own among them",
                At(("queues", name), "table"),
                help=consumption.way_out(context, name),
                related=[
                    *([("it is made the default here", ("defaults", "queue"))] if given else []),
                    *consumption.switched_off(context, name),
                ],
                fix=consumption.consume(context, name),
            )
