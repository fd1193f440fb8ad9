"""The rule `delay-headers-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import quorum_queues
from qtopo.rules.transport.abilities import bindings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DelayHeadersExchange(Rule):
    """With a quorum queue in the file, a queue on a headers exchange gets everything.

    ## Why is this bad?

    With a quorum queue anywhere Celery binds every queue once more for delayed
    tasks, with a key and without a match table. A headers exchange takes an empty
    table for one that is always met: from the first worker's start each queue gets
    every message of the exchange.

    ## Example

    ```toml
    [exchanges.events]
    type = "headers"

    [queues.celery]
    type = "quorum"

    [queues.mail]
    exchange = "events"
    binding_arguments = { kind = "mail" }

    [[routes]]
    task = "shop.mail"
    queue = "mail"
    headers = { kind = "mail" }

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]
    type = "quorum"

    [queues.mail]
    exchange = "events"
    routing_key = "mail.send"

    [[routes]]
    task = "shop.mail"
    queue = "mail"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Versions

    RabbitMQ with quorum queues, which Celery looks for in the whole application.

    ## Source

    Measured on RabbitMQ 3.10.8: a binding without a match table takes every message. Which
    bindings are made: read in the source of Celery 5.7.0.
    """

    name = "delay-headers-exchange"
    code = "QT651"
    severity = "error"
    needs = ("broker.transport", "queues.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for queues on headers exchanges, where there is a quorum queue."""
        quorum = quorum_queues(context)
        if not quorum:
            return
        seen = set()
        for one in bindings(context):
            if one.queue in seen or context.wiring.exchange_type(one.binding.exchange) != "headers":
                continue
            seen.add(one.queue)
            yield self.finding(
                f"queue {one.queue!r} gets every message of headers exchange "
                f"{one.binding.exchange!r}: "
                "for delayed tasks Celery binds it without a match table",
                ("queues", one.queue, *one.at, "exchange"),
                help="use a topic exchange",
                related=[("this quorum queue brings it about", ("queues", quorum[0]))],
            )
