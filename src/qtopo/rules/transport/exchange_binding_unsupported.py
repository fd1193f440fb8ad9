"""The rule `exchange-binding-unsupported`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ExchangeBindingUnsupported(Rule):
    """An exchange passes on to another one, which only RabbitMQ does.

    ## Why is this bad?

    kombu's virtual transports raise `NotImplementedError` where an exchange is bound
    to another, and know nothing of an alternate exchange: what no binding takes is
    dropped.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [exchanges.all]
    type = "topic"
    [exchanges.mail]
    type = "topic"
    bindings = [{ exchange = "all", routing_key = "mail.send" }]

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"

    [exchanges.all]
    type = "topic"

    [queues.celery]
    [queues.mail]
    exchange = "all"
    routing_key = "mail.send"

    [[routes]]
    task = "shop.mail"
    queue = "mail"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Versions

    Every transport that kombu routes for: all but RabbitMQ and Qpid.

    ## Source

    Measured on kombu 5.7.0.
    """

    name = "exchange-binding-unsupported"
    code = "QT401"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at what exchanges are tied to."""
        broker = context.topology.broker
        if not broker.kind.virtual:
            return
        for name, exchange in context.topology.exchanges.items():
            declared = context.wiring.exchanges
            if any(binding.exchange in declared for binding in exchange.bindings):
                yield self.finding(
                    f"exchange {name!r} receives from another exchange, which {broker.transport} "
                    "cannot do",
                    ("exchanges", name, "bindings"),
                    help="bind the queues to both exchanges",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
            if exchange.alternate in declared:
                yield self.finding(
                    f"exchange {name!r} has an alternate, which {broker.transport} does not know: "
                    "what no binding takes is dropped",
                    ("exchanges", name, "alternate"),
                    help="leave it out, and bind a queue to what must not be lost",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
