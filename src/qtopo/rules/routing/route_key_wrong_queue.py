"""The rule `route-key-wrong-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import bound_with, published_with, reach
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteKeyWrongQueue(Rule):
    """Tasks are published with a key, or headers, that other queues take, not the one named.

    ## Why is this bad?

    The queue of the route is not where the task goes: on a topic exchange the key
    decides. The workers of the named queue wait, those of the other get tasks that
    they may not even know.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.*"

    [queues.sms]
    exchange = "events"
    routing_key = "sms.*"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "sms.send"

    [workers.main]
    queues = ["celery", "emails", "sms"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.*"

    [queues.sms]
    exchange = "events"
    routing_key = "sms.*"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "email.send"

    [workers.main]
    queues = ["celery", "emails", "sms"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8.
    """

    name = "route-key-wrong-queue"
    code = "QT223"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for senders whose messages get into other queues than the one they name."""
        for sender, delivered in reach(context):
            if delivered and sender.queue not in delivered:
                what, at = published_with(context, sender)
                names = ", ".join(map(repr, delivered[:3])) + (
                    ", ..." if len(delivered) > 3 else ""
                )
                yield self.finding(
                    f"{sender.label} names queue {sender.queue!r}, but publishes with {what}, "
                    f"which goes to {names}",
                    at,
                    help=bound_with(context, sender),
                    related=(("this queue gets it", At(("queues", delivered[0]), "table")),),
                )
