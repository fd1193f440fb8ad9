"""The rule `exchange-unknown-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ExchangeUnknownExchange(Rule):
    """An exchange receives from an exchange that is not declared.

    ## Why is this bad?

    The binding cannot be made: RabbitMQ answers 404 and closes the channel, and
    whatever should pass from one exchange to the other is lost.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"
    bindings = [{ exchange = "al", routing_key = "event.#" }]

    [exchanges.all]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "event.email"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"
    bindings = [{ exchange = "all", routing_key = "event.#" }]

    [exchanges.all]
    type = "topic"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "event.email"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    RabbitMQ, any version; no other transport binds exchanges to each other.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "exchange-unknown-exchange"
    code = "QT106"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the exchanges that each exchange receives from."""
        exchanges = context.wiring.exchanges
        if not declared(context, "exchanges") or not declared(context, "queues"):
            return
        for name, exchange in context.topology.exchanges.items():
            for index, binding in enumerate(exchange.bindings):
                if binding.exchange and binding.exchange not in exchanges:
                    at = ("exchanges", name, "bindings", index, "exchange")
                    subject = f"exchange {name!r}"
                    yield missing(self, subject, "exchanges", binding.exchange, exchanges, at)
