"""The rule `own-exchange-conflict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class OwnExchangeConflict(Rule):
    """A queue has an exchange of its own whose name is declared with another type.

    ## Why is this bad?

    Without `exchange` a queue is bound to a direct exchange with its own name (a
    broadcast queue: to a fanout exchange). The file declares an exchange of that
    name with another type, and there can be only one: RabbitMQ answers 406
    PRECONDITION_FAILED to the second, Redis raises `NotEquivalentError`.

    ## Example

    ```toml
    [exchanges.celery]
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
    exchange = "events"
    routing_key = "task.run"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on RabbitMQ 3.10.8 and kombu 5.7.0. Issue celery#6509.
    """

    name = "own-exchange-conflict"
    code = "QT322"
    severity = "error"
    needs = ("exchanges.*.type",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the names of queues with those of exchanges."""
        exchanges = context.topology.exchanges
        for name, queue in context.topology.queues.items():
            declared = exchanges.get(name)
            if declared is None or queue.bindings or queue.exchange is not None:
                continue
            wanted = "fanout" if queue.broadcast else "direct"
            if declared.type == wanted or not context.is_sound("queues", name):
                continue
            yield self.finding(
                f"queue {name!r} has a {wanted} exchange of its own, "
                f"but exchange {name!r} is declared as {declared.type}",
                ("queues", name),
                help=f"say which exchange the queue is bound to, or rename exchange {name!r}",
                related=[("the exchange is declared here", ("exchanges", name, "type"))],
            )
