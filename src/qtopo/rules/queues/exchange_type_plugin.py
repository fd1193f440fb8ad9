"""The rule `exchange-type-plugin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import is_rabbitmq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

PLUGINS = {
    "x-consistent-hash": "rabbitmq_consistent_hash_exchange",
    "x-delayed-message": "rabbitmq_delayed_message_exchange",
    "x-event": "rabbitmq_event_exchange",
    "x-federation-upstream": "rabbitmq_federation",
    "x-jms-topic": "rabbitmq_jms_topic_exchange",
    "x-modulus-hash": "rabbitmq_sharding",
    "x-random": "rabbitmq_random_exchange",
    "x-recent-history": "rabbitmq_recent_history_exchange",
    "x-rtopic": "rabbitmq_rtopic_exchange",
}
BUILT_IN = ("x-local-random",)


class ExchangeTypePlugin(Rule):
    """An exchange has a type that only a plugin of RabbitMQ brings.

    ## Why is this bad?

    Where the plugin is not enabled RabbitMQ closes the whole connection with 503
    COMMAND_INVALID, and the worker does not start. Someone has to enable it on
    every broker this file is used with, staging and laptops included.

    ## Example

    ```toml
    [exchanges.spread]
    type = "x-consistent-hash"

    [queues.celery]
    exchange = "spread"
    routing_key = "1"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [exchanges.spread]
    type = "direct"

    [queues.celery]
    exchange = "spread"
    routing_key = "1"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "exchange-type-plugin"
    code = "QT323"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the types of declared exchanges."""
        if not is_rabbitmq(context):
            return
        for name, exchange in context.topology.exchanges.items():
            kind = exchange.type
            if not kind or not kind.startswith("x-") or kind in BUILT_IN:
                continue
            if kind == "x-delayed-message" and "x-delayed-type" not in exchange.arguments:
                # It cannot be declared at all: that is another rule's.
                continue
            plugin = PLUGINS.get(kind)
            named = f" {plugin}" if plugin else ""
            yield self.finding(
                f"exchange {name!r} is of type {kind!r}: without the plugin{named} "
                "RabbitMQ closes the connection",
                ("exchanges", name, "type"),
                help=f"enable it wherever this file is used: rabbitmq-plugins enable {plugin}"
                if plugin
                else "enable the plugin wherever this file is used, and waive this rule here",
            )
