"""The rule `exchange-unknown-alternate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ExchangeUnknownAlternate(Rule):
    """The alternate of an exchange is not declared.

    ## Why is this bad?

    The alternate exchange takes what no binding takes. RabbitMQ does not check
    that it exists: what should have been caught is dropped without a word.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"
    alternate = "unrouted"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.sent"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"
    alternate = "unrouted"

    [exchanges.unrouted]
    type = "fanout"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    routing_key = "email.sent"

    [queues.unrouted]
    exchange = "unrouted"
    parking = true

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8. RabbitMQ's documentation, Alternate Exchanges.
    """

    name = "exchange-unknown-alternate"
    code = "QT107"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the alternate of each exchange."""
        exchanges = context.wiring.exchanges
        if not declared(context, "exchanges") or not declared(context, "queues"):
            return
        for name, exchange in context.topology.exchanges.items():
            raw = exchange.arguments.get("alternate-exchange")
            for alternate, key in ((exchange.alternate, ()), (raw, ("arguments",))):
                if isinstance(alternate, str) and alternate and alternate not in exchanges:
                    last = "alternate-exchange" if key else "alternate"
                    at = ("exchanges", name, *key, last)
                    subject = f"the alternate of exchange {name!r}"
                    yield missing(self, subject, "exchanges", alternate, exchanges, at)
