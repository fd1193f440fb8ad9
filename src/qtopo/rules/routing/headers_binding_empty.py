"""The rule `headers-binding-empty`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import headers_binding_empty, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.exchanges import Binding
    from qtopo.topology.finding import Finding, Path


class HeadersBindingEmpty(Rule):
    """A binding to a headers exchange names no header.

    ## Why is this bad?

    Without any header to match, RabbitMQ takes every message for a binding of the
    kind `all`, and none for one of the kind `any`. The queue gets the tasks of all
    others, which then run twice, or gets nothing.

    ## Example

    ```toml
    [exchanges.events]
    type = "headers"

    [queues.celery]

    [queues.emails]
    exchange = "events"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "headers"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    binding_arguments = { x-match = "any", kind = "email" }

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "headers-binding-empty"
    code = "QT231"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the arguments of every binding to a headers exchange."""
        for at, binding in bindings_with_arguments(context):
            if kind_of(context, binding.exchange) == "headers" and headers_binding_empty(binding):
                yield self.finding(
                    f"the binding to headers exchange {binding.exchange!r} names no header",
                    at,
                    help='name what a message must have: { x-match = "all", kind = "email" }',
                    related=[
                        ("the exchange is declared here", ("exchanges", binding.exchange, "type"))
                    ],
                )


def bindings_with_arguments(context: Context) -> Iterator[tuple[Path, Binding]]:
    """Yield every binding that can be judged, with the path of its arguments."""
    for name, queue in context.topology.queues.items():
        if not context.is_sound("queues", name):
            continue
        if queue.bindings:
            for index, binding in enumerate(queue.bindings):
                yield ("queues", name, "bindings", index, "arguments"), binding
        elif queue.exchange:
            yield ("queues", name, "binding_arguments"), context.wiring.bindings[name][0]
    for name, exchange in context.topology.exchanges.items():
        if context.is_sound("exchanges", name):
            for index, binding in enumerate(exchange.bindings):
                yield ("exchanges", name, "bindings", index, "arguments"), binding
