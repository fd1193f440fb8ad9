"""The rule `argument-conflict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import ATTRIBUTES, is_rabbitmq, wire_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ArgumentConflict(Rule):
    """A queue says the same thing twice, by a key and by a raw argument, and differently.

    ## Why is this bad?

    The key wins, as it does in kombu: the raw argument never reaches the broker,
    though it looks as if it counted.

    ## Example

    ```toml
    [queues.celery]
    max_priority = 3
    arguments = { x-max-priority = 10 }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    max_priority = 10

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on kombu 5.7.0.
    """

    name = "argument-conflict"
    code = "QT309"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare keys and raw arguments of the same meaning."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if not queue.arguments:
                continue
            pairs = [(key, raw, wire_value(queue, key)) for key, raw in ATTRIBUTES.items()]
            if queue.dead_letter is not None:
                dead_key = queue.dead_letter.routing_key or ""
                pairs.append(("dead_letter", "x-dead-letter-routing-key", dead_key))
            for key, raw, value in pairs:
                if value is None or raw not in queue.arguments:
                    continue
                given = queue.arguments[raw]
                if given != value or type(given) is not type(value):
                    yield self.finding(
                        f"queue {name!r} has {key!r} and the argument {raw!r}, which differ: "
                        f"{key!r} wins",
                        ("queues", name, "arguments", raw),
                        help=f"keep {key!r}",
                        related=[("this wins", ("queues", name, key))],
                    )
