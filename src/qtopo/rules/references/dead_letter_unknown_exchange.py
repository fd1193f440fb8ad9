"""The rule `dead-letter-unknown-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class DeadLetterUnknownExchange(Rule):
    """A queue sends its dead letters to an exchange that is not declared.

    ## Why is this bad?

    RabbitMQ looks for the dead-letter exchange only when a message dies. Where
    there is none, the message is dropped: the very thing that the setting was
    meant to prevent.

    ## Example

    ```toml
    [queues.celery]
    dead_letter = { exchange = "dead" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [exchanges.dead]
    type = "fanout"

    [queues.celery]
    dead_letter = { exchange = "dead" }

    [queues.dead]
    exchange = "dead"
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "dead-letter-unknown-exchange"
    code = "QT108"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the dead-letter exchange of each queue."""
        exchanges = context.wiring.exchanges
        if not declared(context, "exchanges") or not declared(context, "queues"):
            return
        for name, queue in context.topology.queues.items():
            if queue.dead_letter is not None:
                target: object = queue.dead_letter.exchange
                at: Path = ("queues", name, "dead_letter", "exchange")
            else:
                # Empty is the anonymous exchange, which always exists.
                target = queue.arguments.get("x-dead-letter-exchange")
                at = ("queues", name, "arguments", "x-dead-letter-exchange")
            if isinstance(target, str) and target and target not in exchanges:
                subject = f"the dead letter of queue {name!r}"
                yield missing(self, subject, "exchanges", target, exchanges, at)
