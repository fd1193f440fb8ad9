"""The rule `route-key-has-wildcard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import key_has_wildcard
from qtopo.rules.senders import binding_place, sound_senders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteKeyHasWildcard(Rule):
    """A task is published with a key that has a wildcard.

    ## Why is this bad?

    Wildcards stand in binding keys. In the key of a message `*` and `#` are words
    like any other: the task is sent with a literal star, and a binding such as
    `email.send` does not take it.

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
    routing_key = "email.*"

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

    name = "route-key-has-wildcard"
    code = "QT221"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for wildcards in keys that messages are sent with."""
        for sender in sound_senders(context):
            if key_has_wildcard(context, sender):
                yield self.finding(
                    f"{sender.label} publishes with the key {sender.sent.wire_key!r}, "
                    "which has a wildcard",
                    sender.key_path or sender.path,
                    help="write the key of one message, such as "
                    + repr((sender.sent.wire_key or "").replace("#", "new").replace("*", "new")),
                    related=[
                        (
                            f"queue {sender.queue!r} is bound here",
                            binding_place(context, sender.queue),
                        )
                    ],
                )
