"""The rule `broadcast-unsupported`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import exchange_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BroadcastUnsupported(Rule):
    """A broadcast queue stands on a transport that cannot send to every worker.

    ## Why is this bad?

    A broadcast needs a fanout exchange. Without one the message goes to one worker,
    or declaring the exchange raises.

    ## Example

    ```toml
    [broker]
    transport = "kafka"

    [queues.celery]
    [queues.reload]
    broadcast = true

    [[routes]]
    task = "shop.reload"
    queue = "reload"

    [workers.main]
    queues = ["celery", "reload"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "rabbitmq"

    [queues.celery]
    [queues.reload]
    broadcast = true

    [[routes]]
    task = "shop.reload"
    queue = "reload"

    [workers.main]
    queues = ["celery", "reload"]
    ```

    ## Versions

    Every transport without fanout: all but RabbitMQ, Redis, Qpid, Google Pub/Sub, PGMQ,
    MongoDB, the filesystem and memory. SQS has it with `supports_fanout`.

    ## Source

    Measured on kombu 5.7.0.
    """

    name = "broadcast-unsupported"
    code = "QT408"
    severity = "error"
    needs = ("broker.transport", "broker.options")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for broadcast queues where there is no fanout exchange."""
        broker = context.topology.broker
        if "fanout" in exchange_types(broker):
            return
        for name, queue in context.topology.queues.items():
            if queue.broadcast:
                yield self.finding(
                    f"queue {name!r} is a broadcast, but {broker.transport} cannot send to every "
                    "worker",
                    ("queues", name, "broadcast"),
                    help="set supports_fanout = true in [broker.options]: it then uses SNS"
                    if broker.kind.name == "sqs"
                    else "send a task to a queue of each worker, or use RabbitMQ",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
