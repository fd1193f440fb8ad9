"""The rule `route-key-unbound`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import bound_with, published_with, reach
from qtopo.rules.senders import binding_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteKeyUnbound(Rule):
    """Tasks are published with a key, or headers, that no binding takes.

    ## Why is this bad?

    What no binding takes the broker drops, without an error for the sender: the
    task is never run. On transports where kombu matches the keys, `#` does not
    stand for no words, so that `a.#` does not take `a`.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.*"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "mail.send"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.*"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "email.send"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0, kombu 5.7.0 and RabbitMQ 3.10.8.
    """

    name = "route-key-unbound"
    code = "QT222"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for senders whose messages get nowhere."""
        for sender, delivered in reach(context):
            if not delivered:
                what, at = published_with(context, sender)
                yield self.finding(
                    f"{sender.label} publishes with {what}, "
                    f"which no binding of exchange {sender.sent.wire_exchange!r} takes",
                    at,
                    help=bound_with(context, sender),
                    related=[
                        (
                            f"queue {sender.queue!r} is bound here",
                            binding_place(context, sender.queue),
                        )
                    ],
                )
