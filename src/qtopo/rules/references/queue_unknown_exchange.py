"""The rule `queue-unknown-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class QueueUnknownExchange(Rule):
    """A queue is bound to an exchange that is not declared.

    ## Why is this bad?

    Binding to an exchange that does not exist closes the channel on RabbitMQ
    (404), and the worker does not start. An exchange exists when it is declared
    under `[exchanges]`, or when a queue without `exchange` brings its own.

    ## Example

    ```toml
    [queues.celery]

    [queues.emails]
    exchange = "events"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "direct"

    [queues.celery]

    [queues.emails]
    exchange = "events"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "queue-unknown-exchange"
    code = "QT105"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the exchanges of each queue."""
        exchanges = context.wiring.exchanges
        if not declared(context, "exchanges") or not declared(context, "queues"):
            return
        for name, queue in context.topology.queues.items():
            subject = f"queue {name!r}"
            if queue.exchange and queue.exchange not in exchanges:
                at: Path = ("queues", name, "exchange")
                yield missing(self, subject, "exchanges", queue.exchange, exchanges, at)
            for index, binding in enumerate(queue.bindings):
                if binding.exchange and binding.exchange not in exchanges:
                    at = ("queues", name, "bindings", index, "exchange")
                    yield missing(self, subject, "exchanges", binding.exchange, exchanges, at)
