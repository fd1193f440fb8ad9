"""The rule `exchange-type-unsupported`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import exchange_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ExchangeTypeUnsupported(Rule):
    """An exchange has a type that the transport does not have.

    ## Why is this bad?

    On the transports other than RabbitMQ it is kombu that passes messages on, and it
    knows fewer types. Declaring or binding the exchange raises: Redis with
    `OperationalError`, the memory transport with `KeyError`, Google Pub/Sub with
    `NotImplementedError`.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [exchanges.events]
    type = "headers"

    [queues.celery]
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
    [broker]
    transport = "redis"

    [exchanges.events]
    type = "topic"

    [queues.celery]
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

    Every transport but RabbitMQ.

    ## Source

    Measured on kombu 5.7.0.
    """

    name = "exchange-type-unsupported"
    code = "QT400"
    severity = "error"
    needs = ("broker.transport", "broker.options")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the types of declared exchanges with the transport's."""
        broker = context.topology.broker
        types = exchange_types(broker)
        for name, exchange in context.topology.exchanges.items():
            kind = exchange.type
            if not kind or kind in types or (kind.startswith("x-") and broker.kind.plugins):
                continue
            yield self.finding(
                f"exchange {name!r} is of type {kind!r}, which {broker.transport} does not have",
                ("exchanges", name, "type"),
                help=f"{broker.transport} has {', '.join(types)}",
                related=[("the transport is said here", ("broker", "transport"))],
            )
