"""The rule `queue-expires`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import STREAM, argument, kind
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueExpires(Rule):
    """A queue of tasks is deleted when nobody uses it for a while.

    ## Why is this bad?

    `expires` deletes the whole queue, tasks included, when no consumer was there
    for that long: after a failed deployment or a long weekend the backlog is gone.
    `message_ttl` limits how long one task may wait.

    ## Example

    ```toml
    [queues.celery]
    expires = "2h"

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

    RabbitMQ, Redis and MongoDB.

    ## Source

    Measured on RabbitMQ 3.10.8. Read in the source of kombu 5.7.0.
    """

    name = "queue-expires"
    code = "QT318"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at queues that workers consume, where the broker knows expiry."""
        honoured = context.topology.broker.kind.arguments
        if honoured is not None and "x-expires" not in honoured:
            return
        for name, queue in context.topology.queues.items():
            expires = argument(queue, "x-expires")
            if expires is None or type(expires.value) is not int or expires.value < 1:
                continue
            if queue.broadcast or queue.exclusive or kind(queue) == STREAM:
                continue
            if name in context.wiring.consumers:
                yield self.finding(
                    f"queue {name!r} is deleted with its tasks when no worker was there "
                    f"for {format_duration(expires.value / 1000)}",
                    expires.path,
                    help="leave it out; message_ttl limits how long a task may wait",
                )
