"""The rule `max-priority-large`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import CLASSIC, argument, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

ENOUGH = 10


class MaxPriorityLarge(Rule):
    """A queue has more than ten levels of priority.

    ## Why is this bad?

    RabbitMQ keeps a queue of its own for each level, with its memory and its work,
    whether anything is in it or not. A route has ten priorities, 0 to 9, so that
    more levels are never used.

    ## Example

    ```toml
    [queues.celery]
    max_priority = 255

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    max_priority = 9

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    RabbitMQ's documentation, Classic Queues Support Priorities.
    """

    name = "max-priority-large"
    code = "QT310"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the levels of each classic queue."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            levels = argument(queue, "x-max-priority")
            if levels is None or kind(queue) != CLASSIC or type(levels.value) is not int:
                continue
            if ENOUGH < levels.value <= 255:
                yield self.finding(
                    f"queue {name!r} has {levels.value} levels of priority: each costs memory, "
                    "and ten are used",
                    levels.path,
                    help="max_priority = 9 has a level for each priority of a route",
                )
