"""The rule `route-exchange-not-bound`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import exchange_not_bound
from qtopo.rules.senders import ROUTE, binding_place, sound_senders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteExchangeNotBound(Rule):
    """A route gives an exchange that its queue is not bound to.

    ## Why is this bad?

    A task that is published to the exchange does not reach the queue that the
    route names: it goes to others, or nowhere.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [exchanges.internal]
    type = "topic"

    [queues.celery]

    [queues.audit]
    exchange = "events"
    routing_key = "order.paid"

    [queues.notes]
    exchange = "internal"
    routing_key = "order.paid"

    [[routes]]
    task = "shop.audit.*"
    queue = "audit"
    exchange = "internal"

    [workers.main]
    queues = ["celery", "audit", "notes"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [exchanges.internal]
    type = "topic"

    [queues.celery]

    [queues.audit]
    exchange = "events"
    routing_key = "order.paid"

    [queues.notes]
    exchange = "internal"
    routing_key = "order.paid"

    [[routes]]
    task = "shop.audit.*"
    queue = "audit"
    exchange = "events"

    [workers.main]
    queues = ["celery", "audit", "notes"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "route-exchange-not-bound"
    code = "QT211"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the exchange of each route with the bindings of its queue."""
        for sender in sound_senders(context):
            if sender.kind == ROUTE and exchange_not_bound(context, sender):
                given = sender.route.exchange if sender.route else None
                bound = dict.fromkeys(one.exchange for one in context.wiring.bindings[sender.queue])
                yield self.finding(
                    f"{sender.label} gives exchange {given!r}, "
                    f"to which queue {sender.queue!r} is not bound",
                    (*sender.path, "exchange"),
                    help=f"the queue is bound to {', '.join(map(repr, bound))}",
                    related=[
                        (
                            f"queue {sender.queue!r} is bound here",
                            binding_place(context, sender.queue),
                        )
                    ],
                )
