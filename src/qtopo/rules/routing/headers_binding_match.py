"""The rule `headers-binding-match`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.order import plain
from qtopo.rules.rabbitmq import is_rabbitmq
from qtopo.rules.routing.headers_binding_empty import bindings_with_arguments
from qtopo.rules.routing.reach import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

MATCHES = ("all", "any", "all-with-x", "any-with-x")


class HeadersBindingMatch(Rule):
    """A binding to a headers exchange matches in a way that does not exist.

    ## Why is this bad?

    `x-match` is `all`, `any`, `all-with-x` or `any-with-x`. RabbitMQ refuses to bind
    with anything else: 406 PRECONDITION_FAILED, and the worker ends with it.

    ## Example

    ```toml
    [exchanges.events]
    type = "headers"

    [queues.celery]

    [queues.emails]
    exchange = "events"
    binding_arguments = { x-match = "some", kind = "email" }

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

    RabbitMQ; the kinds that end in `-with-x` from 3.10.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "headers-binding-match"
    code = "QT240"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the `x-match` of every binding to a headers exchange."""
        if not is_rabbitmq(context):
            return
        for at, binding in bindings_with_arguments(context):
            match = binding.arguments.get("x-match", "all")
            if match not in MATCHES and kind_of(context, binding.exchange) == "headers":
                yield self.finding(
                    f"'x-match' cannot be {plain(match)!r}",
                    (*at, "x-match"),
                    help=f"it is {', '.join(MATCHES[:-1])} or {MATCHES[-1]}",
                    related=[
                        ("the exchange is declared here", ("exchanges", binding.exchange, "type"))
                    ],
                )
