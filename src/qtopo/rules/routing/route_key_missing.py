"""The rule `route-key-missing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import key_missing
from qtopo.rules.senders import DEFAULT, ENTRY, ROUTE, TASK, sound_senders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


_HELP = {
    ROUTE: "give the route a routing_key without a wildcard",
    ENTRY: "give the entry a routing_key without a wildcard",
    TASK: "make it a route: [[routes]] with task, queue and a routing_key without a wildcard",
    DEFAULT: "bind the default queue with a key without a wildcard, or to an exchange of its own",
}


class RouteKeyMissing(Rule):
    """Tasks go to a queue on a topic exchange without a concrete key.

    ## Why is this bad?

    Where nothing gives a key Celery publishes with the queue's binding key. With a
    wildcard in it that is a pattern taken literally: `email.#` is sent as a key of
    the words `email` and `#`, which other bindings take or not by accident.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.#"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

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
    routing_key = "email.#"

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

    Measured on Celery 5.7.0.
    """

    name = "route-key-missing"
    code = "QT220"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for senders that leave the key to a binding with a wildcard."""
        for sender in sound_senders(context):
            if not key_missing(context, sender):
                continue
            key = sender.sent.wire_key
            at = sender.place if sender.kind in (TASK, DEFAULT) else (*sender.path, "routing_key")
            yield self.finding(
                f"{sender.label} goes to queue {sender.queue!r} without a key, "
                f"and its binding key {key!r} has a wildcard",
                at,
                help=_HELP[sender.kind],
                related=(("it is bound here", ("queues", sender.queue, "routing_key")),),
            )
