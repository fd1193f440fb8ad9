"""The rule `route-exchange-missing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import exchange_missing
from qtopo.rules.senders import binding_place, sound_senders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteExchangeMissing(Rule):
    """A route gives a key for a queue on several exchanges, but not which of them.

    ## Why is this bad?

    The same key means different things on different exchanges. Only the route can
    say through which of them the task is to go.

    ## Example

    ```toml
    [exchanges.orders]
    type = "topic"

    [exchanges.refunds]
    type = "topic"

    [queues.celery]

    [queues.audit]
    bindings = [
        { exchange = "orders", routing_key = "order.*" },
        { exchange = "refunds", routing_key = "refund.*" },
    ]

    [[routes]]
    task = "shop.audit.refund"
    queue = "audit"
    routing_key = "refund.paid"

    [workers.main]
    queues = ["celery", "audit"]
    ```

    ## Use instead

    ```toml
    [exchanges.orders]
    type = "topic"

    [exchanges.refunds]
    type = "topic"

    [queues.celery]

    [queues.audit]
    bindings = [
        { exchange = "orders", routing_key = "order.*" },
        { exchange = "refunds", routing_key = "refund.*" },
    ]

    [[routes]]
    task = "shop.audit.refund"
    queue = "audit"
    exchange = "refunds"
    routing_key = "refund.paid"

    [workers.main]
    queues = ["celery", "audit"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "route-exchange-missing"
    code = "QT212"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for keys without the exchange they are for."""
        for sender in sound_senders(context):
            if exchange_missing(context, sender):
                bound = dict.fromkeys(one.exchange for one in context.wiring.bindings[sender.queue])
                yield self.finding(
                    f"{sender.label} gives a key but no exchange for queue {sender.queue!r}, "
                    "which is bound to several",
                    sender.key_path or sender.path,
                    help=f"say which with exchange: {', '.join(map(repr, bound))};"
                    " or leave the key out, and the task goes straight to the queue",
                    related=[
                        (
                            f"queue {sender.queue!r} is bound here",
                            binding_place(context, sender.queue),
                        )
                    ],
                )
