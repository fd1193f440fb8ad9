"""The rule `route-exchange-without-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.senders import route_label
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteExchangeWithoutQueue(Rule):
    """A route gives an exchange but no queue.

    ## Why is this bad?

    Celery then publishes to the exchange without knowing a queue, so that it
    declares nothing: until a worker has, tasks are lost without an error. Without
    a key they go to the anonymous exchange with none, and are always lost.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.audit]
    exchange = "events"
    routing_key = "order.paid"

    [[routes]]
    task = "shop.audit.*"
    exchange = "events"
    routing_key = "order.paid"

    [workers.main]
    queues = ["celery", "audit"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.audit]
    exchange = "events"
    routing_key = "order.paid"

    [[routes]]
    task = "shop.audit.*"
    queue = "audit"

    [workers.main]
    queues = ["celery", "audit"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0, RabbitMQ 3.10.8 and Redis 7.0.15.
    """

    name = "route-exchange-without-queue"
    code = "QT210"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for routes with an exchange alone."""
        exchanges = context.wiring.exchanges
        for index, route in enumerate(context.topology.routes):
            if not route.exchange or route.queue or route.exchange not in exchanges:
                continue
            if not context.is_sound("routes", index):
                # The queue may be there, and broken.
                continue
            bound = [
                one.name
                for one in context.wiring.bound.get(route.exchange, ())
                if one.kind == QUEUE
            ]
            yield self.finding(
                f"{route_label(route)} gives exchange {route.exchange!r} but no queue",
                ("routes", index, "exchange"),
                help="name the queue" + (f", such as {bound[0]!r}" if bound else ""),
                related=[("the exchange is declared here", ("exchanges", route.exchange))]
                if route.exchange in context.topology.exchanges
                else [],
            )
