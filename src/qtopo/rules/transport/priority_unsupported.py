"""The rule `priority-unsupported`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.senders import route_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class PriorityUnsupported(Rule):
    """A route gives a priority on a transport where none is sent.

    ## Why is this bad?

    qtopo has tasks sent with a priority on RabbitMQ and Redis only. Elsewhere the
    priority is not even sent, and urgent tasks wait behind all others. (MongoDB,
    ZooKeeper and Qpid do know priorities; qtopo does not write them there.)

    ## Example

    ```toml
    [broker]
    transport = "sqs"

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
    [broker]
    transport = "sqs"

    [queues.celery]
    [queues.urgent]

    [[routes]]
    task = "shop.pay.*"
    queue = "urgent"

    [workers.main]
    queues = ["celery"]

    [workers.urgent]
    queues = ["urgent"]
    ```

    ## Versions

    Every transport but RabbitMQ and Redis.

    ## Source

    Read in the source of kombu 5.7.0.
    """

    name = "priority-unsupported"
    code = "QT403"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for priorities where the transport has none."""
        broker = context.topology.broker
        if broker.kind.priorities is not None:
            return
        for index, route in enumerate(context.topology.routes):
            if route.priority is not None:
                yield self.finding(
                    f"{route_label(route)} has priority {route.priority}, which is not sent on "
                    f"{broker.transport}",
                    ("routes", index, "priority"),
                    help="give urgent tasks a queue and a worker of their own",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
