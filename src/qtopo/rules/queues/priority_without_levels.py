"""The rule `priority-without-levels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import QUORUM, STREAM, is_rabbitmq, kind, verdict
from qtopo.rules.senders import route_label
from qtopo.topology.priority import levels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class PriorityWithoutLevels(Rule):
    """A route gives a priority, but its queue keeps no priorities.

    ## Why is this bad?

    RabbitMQ keeps messages in the order they came unless the queue has
    `max_priority`: the priority has no effect, and urgent tasks wait behind all
    others. A quorum queue takes `max_priority` from RabbitMQ 4.3 only.

    ## Example

    ```toml
    [queues.celery]

    [[routes]]
    task = "shop.pay.*"
    queue = "celery"
    priority = 9

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    max_priority = 9

    [[routes]]
    task = "shop.pay.*"
    queue = "celery"
    priority = 9

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8. Issue celery#4310.
    """

    name = "priority-without-levels"
    code = "QT311"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the queue of each route with a priority."""
        if not is_rabbitmq(context):
            return
        topology = context.topology
        before = verdict(topology.broker, lambda version: version < (4, 3))
        for index, route in enumerate(topology.routes):
            if route.priority is None or not context.is_sound("routes", index, "queue"):
                continue
            name = route.queue or topology.default_queue
            queue = topology.queues.get(name)
            if queue is None or kind(queue) == STREAM or levels(queue):
                continue
            keys = ("max_priority", "arguments")
            if not all(context.is_sound("queues", name, key) for key in keys):
                continue
            if "x-max-priority" in queue.arguments:
                # A value RabbitMQ does not take: that is another rule's.
                continue
            yield self.finding(
                f"{route_label(route)} has priority {route.priority}, but queue {name!r} keeps no "
                "priorities",
                ("routes", index, "priority"),
                help="leave the priority out, or give urgent tasks a queue and a worker of their "
                "own"
                if kind(queue) == QUORUM and before is not None
                else f"give queue {name!r} max_priority = 9, or leave the priority out",
                related=[("the queue is declared here", ("queues", name))],
            )
