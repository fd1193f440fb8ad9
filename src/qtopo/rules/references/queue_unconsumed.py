"""The rule `queue-unconsumed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references import consumption
from qtopo.rules.references.lookup import PARTS
from qtopo.topology.finding import At, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueUnconsumed(Rule):
    """No worker consumes a queue.

    ## Why is this bad?

    Tasks that are sent to it wait for ever. Celery says nothing: sending works,
    and the queue grows until the broker is full. A queue whose messages wait for
    a person, such as one for dead letters, says so with `parking = true`.

    ## Example

    ```toml
    [queues.celery]
    [queues.emails]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues freeframe#240, omniport#241, chacra#105.
    """

    name = "queue-unconsumed"
    code = "QT113"
    severity = "error"
    needs = (*PARTS, "workers.*.queues", "workers.*.replicas")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for queues without a running consumer."""
        topology = context.topology
        for name in consumption.idle(context):
            queue = topology.queues[name]
            if queue.parking or name == topology.default_queue:
                continue
            source = consumption.source_of(context, name)
            what = f", and {source} goes there" if source else ""
            park = None
            advice = consumption.way_out(context, name)
            if consumption.takes_leftovers(context, name):
                advice += ", or write parking = true if its messages wait for a person"
                park = put(("queues", name, "parking"), True, "write parking = true", safe=False)
            yield self.finding(
                f"no worker consumes queue {name!r}{what}",
                At(("queues", name), "table"),
                help=advice,
                related=consumption.switched_off(context, name),
                fix=park,
            )
