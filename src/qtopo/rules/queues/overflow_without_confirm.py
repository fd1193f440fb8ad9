"""The rule `overflow-without-confirm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import argument, is_rabbitmq, quorum_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class OverflowWithoutConfirm(Rule):
    """A full queue refuses tasks, but whoever sends them is not told.

    ## Why is this bad?

    `overflow = "reject-publish"` answers a publisher that asks for confirmation.
    One that does not, and Celery's does not by default, is not told: `delay()`
    returns as if all were well, and the task is gone.

    ## Example

    ```toml
    [queues.celery]
    max_length = 10000
    overflow = "reject-publish"

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

    name = "overflow-without-confirm"
    code = "QT317"
    severity = "warning"
    needs = ("broker.transport", "broker.options", "queues.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at queues that refuse, and at whether anyone is told."""
        confirmed = context.topology.broker.options.get("confirm_publish") is True
        if confirmed or not is_rabbitmq(context):
            return
        if quorum_queues(context):
            # Then the settings have it; saying false is another rule's.
            return
        for name, queue in context.topology.queues.items():
            overflow = argument(queue, "x-overflow")
            if overflow is None or overflow.value != "reject-publish":
                continue
            limits = (argument(queue, "x-max-length"), argument(queue, "x-max-length-bytes"))
            if any(limits) and name in context.wiring.consumers:
                yield self.finding(
                    f"queue {name!r} refuses tasks when it is full, and whoever sends them is not "
                    "told",
                    overflow.path,
                    help="set confirm_publish = true in [broker.options]: then delay() raises",
                )
