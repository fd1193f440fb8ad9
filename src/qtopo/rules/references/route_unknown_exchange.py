"""The rule `route-unknown-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing
from qtopo.rules.senders import route_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteUnknownExchange(Rule):
    """A route names an exchange that is not declared.

    ## Why is this bad?

    RabbitMQ closes the channel of whoever publishes to an exchange that does not
    exist; the first task is lost without an error. Redis drops every one.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.audit]
    bindings = [{ exchange = "events", routing_key = "order.*" }]

    [[routes]]
    task = "shop.audit.order"
    queue = "audit"
    exchange = "event"
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
    bindings = [{ exchange = "events", routing_key = "order.*" }]

    [[routes]]
    task = "shop.audit.order"
    queue = "audit"
    exchange = "events"
    routing_key = "order.paid"

    [workers.main]
    queues = ["celery", "audit"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0, RabbitMQ 3.10.8 and Redis 7.0.15.
    """

    name = "route-unknown-exchange"
    code = "QT109"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the exchange of each route."""
        exchanges = context.wiring.exchanges
        if not declared(context, "exchanges") or not declared(context, "queues"):
            return
        for index, route in enumerate(context.topology.routes):
            if route.exchange and route.exchange not in exchanges:
                at = ("routes", index, "exchange")
                yield missing(self, route_label(route), "exchanges", route.exchange, exchanges, at)
