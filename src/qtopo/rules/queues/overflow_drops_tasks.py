"""The rule `overflow-drops-tasks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import STREAM, argument, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class OverflowDropsTasks(Rule):
    """A full queue drops its oldest tasks.

    ## Why is this bad?

    Without `overflow` RabbitMQ makes room at the head: the tasks that have waited
    longest disappear without a trace. `overflow = "reject-publish"` refuses new
    ones instead; with `dead_letter` what is dropped goes somewhere.

    ## Example

    ```toml
    [queues.celery]
    max_length = 10000

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker.options]
    confirm_publish = true

    [queues.celery]
    max_length = 10000
    overflow = "reject-publish"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8. RabbitMQ's documentation, Queue Length Limit.
    """

    name = "overflow-drops-tasks"
    code = "QT316"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at queues of tasks with a limit."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            limit = argument(queue, "x-max-length") or argument(queue, "x-max-length-bytes")
            if limit is None or type(limit.value) is not int or limit.value < 0:
                continue
            if queue.broadcast or queue.parking or queue.exclusive or kind(queue) == STREAM:
                continue
            if name not in context.wiring.consumers:
                continue
            overflow = argument(queue, "x-overflow")
            if overflow is not None and overflow.value != "drop-head":
                continue
            if argument(queue, "x-dead-letter-exchange") is not None:
                continue
            keys = ("overflow", "dead_letter")
            if not all(context.is_sound("queues", name, key) for key in keys):
                continue
            yield self.finding(
                f"queue {name!r} drops its oldest tasks when it is full",
                (overflow or limit).path,
                help='say overflow = "reject-publish", or give it a dead_letter',
            )
