"""The rule `exclusive-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import who_sends
from qtopo.rules.rabbitmq import CLASSIC, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ExclusiveQueue(Rule):
    """An exclusive queue is used by more than one connection.

    ## Why is this bad?

    RabbitMQ lets only the connection that declared an exclusive queue use it, and
    deletes it with that connection. Celery's producers declare the queue they send
    to, on a connection of their own: 405 RESOURCE_LOCKED, for them or for the
    worker, whoever comes second.

    ## Example

    ```toml
    [queues.celery]
    exclusive = true

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

    Measured on RabbitMQ 3.10.8.
    """

    name = "exclusive-queue"
    code = "QT321"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Count who declares each exclusive queue."""
        if not is_rabbitmq(context):
            return
        topology = context.topology
        exclusive = {
            name
            for name, queue in topology.queues.items()
            if queue.exclusive and not queue.broadcast and kind(queue) == CLASSIC
        }
        if not exclusive:
            return
        sent_to = who_sends(context, exclusive)
        for name in topology.queues:
            if name not in exclusive:
                continue
            workers = context.wiring.consumers.get(name, ())
            processes = sum(topology.workers[worker].replicas for worker in workers)
            if processes + (name in sent_to) > 1:
                who = "whoever sends to it" if name in sent_to else "each of its workers"
                yield self.finding(
                    f"queue {name!r} is exclusive to one connection, but {who} declares it too: "
                    "405 RESOURCE_LOCKED",
                    ("queues", name, "exclusive"),
                    help="leave 'exclusive' out",
                    related=sent_to.get(name)
                    or [("this worker consumes it", ("workers", one)) for one in workers[:3]],
                )
