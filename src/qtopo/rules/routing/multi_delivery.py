"""The rule `multi-delivery`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import kind_of, published_with, reach
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class MultiDelivery(Rule):
    """One task gets into several queues, and runs in each of them.

    ## Why is this bad?

    A topic or headers exchange copies a message into every queue whose binding
    takes it. Each copy is a task of its own with the same id: it runs as often as
    there are queues, and the results overwrite each other. Where every worker is
    to run it, use a broadcast queue or a fanout exchange; where a copy is to be
    kept for a person, say `parking = true`.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.*"

    [queues.audit]
    exchange = "events"
    routing_key = "#"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "email.send"

    [workers.main]
    queues = ["celery", "emails", "audit"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.*"

    [queues.audit]
    exchange = "events"
    routing_key = "audit.#"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "email.send"

    [workers.main]
    queues = ["celery", "emails", "audit"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#2427, celery#2713, celery#2508.
    """

    name = "multi-delivery"
    code = "QT225"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the queues that each message gets into; equal sets are reported once."""
        queues = context.topology.queues
        seen: set[tuple[str, frozenset[str]]] = set()
        for sender, delivered in reach(context):
            running = [name for name in delivered if not queues[name].parking]
            if len(running) < 2 or sender.queue not in delivered:
                continue
            # The queue that is meant comes first.
            running.sort(key=lambda name: (name != sender.queue, name))
            exchange = sender.sent.wire_exchange or ""
            kind = kind_of(context, exchange)
            # What a plugin's exchange does with a message only the plugin knows.
            copies = (exchange, frozenset(running))
            if kind not in ("topic", "direct", "headers") or copies in seen:
                continue
            seen.add(copies)
            what, at = published_with(context, sender)
            names = ", ".join(map(repr, running[:3])) + (", ..." if len(running) > 3 else "")
            yield self.finding(
                f"what {sender.label} publishes with {what} "
                f"gets into {len(running)} queues: {names}",
                at,
                help="make their bindings exclude each other, or use a broadcast queue",
                related=tuple(
                    (f"queue {name!r} takes it too", At(("queues", name), "table"))
                    for name in running
                    if name != sender.queue
                )[:3],
            )
