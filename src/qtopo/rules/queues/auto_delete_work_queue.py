"""The rule `auto-delete-work-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import CLASSIC, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class AutoDeleteWorkQueue(Rule):
    """A queue of tasks is deleted when its last worker stops.

    ## Why is this bad?

    With `auto_delete` a deployment that stops all workers before it starts new ones
    deletes the queue and every task in it. A producer that has declared it once
    does not declare it again, so what it sends meanwhile goes nowhere.

    ## Example

    ```toml
    [queues.celery]
    auto_delete = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8. Issue celery#2216.
    """

    name = "auto-delete-work-queue"
    code = "QT319"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at queues that workers consume."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if queue.exclusive or queue.broadcast or kind(queue) != CLASSIC:
                continue
            if queue.auto_delete and name in context.wiring.consumers:
                yield self.finding(
                    f"queue {name!r} is deleted with its tasks when its last worker stops",
                    ("queues", name, "auto_delete"),
                    help="leave it out",
                    related=[
                        ("this worker consumes it", ("workers", one))
                        for one in context.wiring.consumers[name][:3]
                    ],
                )
