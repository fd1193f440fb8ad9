"""The rule `unused-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class UnusedExchange(Rule):
    """Nothing in the file uses an exchange.

    ## Why is this bad?

    No queue and no exchange is bound to it, and no route, dead letter or alternate
    names it: whatever is published there vanishes. It is left over, or what should
    use it was forgotten or names another one.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]

    [queues.audit]
    exchange = "events"
    routing_key = "order.*"

    [workers.main]
    queues = ["celery", "audit"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on RabbitMQ 3.10.8: what is published to an exchange without a binding is
    dropped, and nobody is told.
    """

    name = "unused-exchange"
    code = "QT341"
    severity = "info"
    needs = ("include", "broker.transport", "exchanges.*", "queues.*", "routes.*", "environments")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for exchanges that nothing names."""
        topology = context.topology
        if not topology.exchanges:
            return
        used: set[object] = set(context.wiring.bound)
        for queue in topology.queues.values():
            used.add(queue.dead_letter and queue.dead_letter.exchange)
            raw = queue.arguments.get("x-dead-letter-exchange")
            used.add(raw if isinstance(raw, str) else None)
        for exchange in topology.exchanges.values():
            used.add(exchange.alternate)
            if exchange.bindings:
                # What receives from another one gets messages: where they end is
                # for other rules to say.
                used.add(exchange.name)
        used.update(route.exchange for route in topology.routes)
        if any(name and name not in context.wiring.exchanges for name in used):
            # Something names an exchange that is not declared: it may mean this one.
            return
        # What an overlay names is used there.
        overlays = repr(topology.environments) if topology.environments else ""
        types = topology.broker.kind.exchange_types
        for name, exchange in topology.exchanges.items():
            if (
                not name
                or name in used
                or name.startswith(("amq.", "celery"))
                or repr(name) in overlays
            ):
                continue
            # What needs a plugin is a matter of its own.
            known = exchange.type in types and not exchange.type.startswith("x-")
            if known and context.is_sound("exchanges", name):
                yield self.finding(
                    f"nothing uses exchange {name!r}: what is published there vanishes",
                    At(("exchanges", name), "table"),
                    help="bind a queue to it, or leave it out",
                )
