"""The rule `dead-letter-key-without-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import REFUSED, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

KEY = "x-dead-letter-routing-key"


class DeadLetterKeyWithoutExchange(Rule):
    """A raw `x-dead-letter-routing-key` stands without a dead-letter exchange.

    ## Why is this bad?

    RabbitMQ refuses to declare the queue: 406 PRECONDITION_FAILED. The worker exits
    at its start.

    ## Example

    ```toml
    [queues.celery]
    arguments = { x-dead-letter-routing-key = "dead" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    dead_letter = { exchange = "dead", routing_key = "dead" }

    [queues.dead]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "dead-letter-key-without-exchange"
    code = "QT312"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the exchange that belongs to the key."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if type(queue.arguments.get(KEY)) is not str or queue.dead_letter is not None:
                continue
            if "x-dead-letter-exchange" in queue.arguments or KEY in REFUSED.get(kind(queue), ()):
                continue
            if context.is_sound("queues", name, "dead_letter"):
                yield self.finding(
                    f"queue {name!r} has {KEY!r} without an exchange: RabbitMQ refuses to declare "
                    "it",
                    ("queues", name, "arguments", KEY),
                    help='write dead_letter = { exchange = "...", routing_key = "..." }',
                )
