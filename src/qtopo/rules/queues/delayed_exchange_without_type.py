"""The rule `delayed-exchange-without-type`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.order import plain
from qtopo.rules.rabbitmq import is_rabbitmq
from qtopo.topology.exchanges import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DelayedExchangeWithoutType(Rule):
    """An `x-delayed-message` exchange does not say what it does after the delay.

    ## Why is this bad?

    The plugin takes the type that decides where messages go from the argument
    `x-delayed-type`. Without it RabbitMQ refuses to declare the exchange, and the
    worker does not start.

    ## Example

    ```toml
    [exchanges.later]
    type = "x-delayed-message"

    [queues.celery]
    exchange = "later"
    routing_key = "task.run"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [exchanges.later]
    type = "x-delayed-message"  # qtopo: ignore[exchange-type-plugin]
    arguments = { x-delayed-type = "direct" }

    [queues.celery]
    exchange = "later"
    routing_key = "task.run"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ with the plugin `rabbitmq_delayed_message_exchange`.

    ## Source

    The plugin's documentation.
    """

    name = "delayed-exchange-without-type"
    code = "QT324"
    severity = "error"
    needs = ("broker.transport", "exchanges.*.arguments")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the argument of each delayed exchange."""
        if not is_rabbitmq(context):
            return
        for name, exchange in context.topology.exchanges.items():
            if exchange.type != "x-delayed-message":
                continue
            after = exchange.arguments.get("x-delayed-type")
            if after is None:
                yield self.finding(
                    f"exchange {name!r} does not say what it does after the delay",
                    ("exchanges", name, "type"),
                    help='give it arguments = { x-delayed-type = "direct" }',
                )
            elif after not in TYPES and not (isinstance(after, str) and after.startswith("x-")):
                yield self.finding(
                    f"exchange {name!r} cannot be {plain(after)!r} after the delay",
                    ("exchanges", name, "arguments", "x-delayed-type"),
                    help=f"it is one of {', '.join(TYPES)}",
                )
