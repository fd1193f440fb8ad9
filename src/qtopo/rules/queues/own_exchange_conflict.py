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
    name with another type, and there can be only one: qtopo binds the queue to the
    declared one. On a topic exchange the queue then gets whatever anybody publishes
    under its name, on a fanout or headers exchange whatever is published at all.
    Another application that uses the queue without this file declares the exchange
    as direct: RabbitMQ answers 406 PRECONDITION_FAILED to whoever comes second.

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

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8: the emitted queues were declared on
    the exchange of the file, and a plain queue of the same name was refused. Issue
    celery#6509.
    """

    name = "own-exchange-conflict"
    code = "QT322"
    severity = "warning"
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
                f"queue {name!r} would have a {wanted} exchange of its own, but exchange {name!r} "
                f"is declared as {declared.type}: the queue is bound to that one",
                ("queues", name),
                help=f"write exchange = ... if that is meant, or rename exchange {name!r}",
                related=[("the exchange is declared here", ("exchanges", name, "type"))],
            )
