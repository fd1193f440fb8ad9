"""The rule `headers-route-without-headers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import headers_missing
from qtopo.rules.senders import DEFAULT, ENTRY, ROUTE, TASK, binding_place, sound_senders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


_HELP = {
    ROUTE: "give the route the headers that the queue is bound with",
    ENTRY: "leave the queue to a route, which can give headers",
    TASK: "make it a route: [[routes]] with task, queue and headers",
    DEFAULT: "bind the default queue to an exchange of its own",
}


class HeadersRouteWithoutHeaders(Rule):
    """Tasks go to a queue on a headers exchange without the headers it is bound with.

    ## Why is this bad?

    A headers exchange looks at nothing but headers. A message without them matches
    no binding, and the broker drops it without an error for the sender.

    ## Example

    ```toml
    [exchanges.events]
    type = "headers"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    binding_arguments = { x-match = "all", kind = "email" }

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "headers"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    binding_arguments = { x-match = "all", kind = "email" }

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    headers = { kind = "email" }

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "headers-route-without-headers"
    code = "QT230"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for senders without headers to queues that need them."""
        for sender in sound_senders(context):
            if headers_missing(context, sender):
                at = (*sender.path, "headers") if sender.kind == ROUTE else sender.place
                yield self.finding(
                    f"{sender.label} goes without headers to queue {sender.queue!r} "
                    "on a headers exchange",
                    at,
                    help=_HELP[sender.kind],
                    related=[
                        (
                            f"queue {sender.queue!r} is bound with headers here",
                            binding_place(context, sender.queue),
                        )
                    ],
                )
