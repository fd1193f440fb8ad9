"""The rule `delay-below-second`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed
from qtopo.rules.rabbitmq import quorum_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DelayBelowSecond(Rule):
    """A task is delayed for less than a second, which Celery cannot do here.

    ## Why is this bad?

    With a quorum queue anywhere Celery lets RabbitMQ hold delayed tasks, in whole
    seconds. A countdown below one second raises `ValueError: countdown must be a
    positive number` in whoever sends the task.

    ## Example

    ```toml
    [exchanges.tasks]
    type = "topic"

    [queues.celery]
    type = "quorum"
    exchange = "tasks"
    routing_key = "celery"

    [tasks."shop.poll"]
    max_delay = "500ms"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [exchanges.tasks]
    type = "topic"

    [queues.celery]
    type = "quorum"
    exchange = "tasks"
    routing_key = "celery"

    [tasks."shop.poll"]
    max_delay = "1s"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ with quorum queues, which Celery looks for in the whole application.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8.
    """

    name = "delay-below-second"
    code = "QT653"
    severity = "error"
    needs = (*PLACING, "queues.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at delays of less than a second."""
        quorum = quorum_queues(context)
        if not quorum:
            return
        for task, placement in placed(context, "max_delay"):
            queue = context.topology.queues[placement.sent.queue]
            if queue.bindings or placement.sent.exchange_type == "direct":
                continue
            if task.max_delay is not None and 0 < task.max_delay < 1:
                yield self.finding(
                    f"task {task.name!r} is delayed for less than a second: sending it raises "
                    "ValueError",
                    ("tasks", task.name, "max_delay"),
                    help="delay it for whole seconds, or not at all",
                    related=[("this quorum queue brings it about", ("queues", quorum[0]))],
                )
