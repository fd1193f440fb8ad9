"""The rule `transient-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import CLASSIC, is_rabbitmq, kind, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TransientQueue(Rule):
    """A queue does not outlive a restart of the broker.

    ## Why is this bad?

    With `durable = false` the queue and every task in it are gone when RabbitMQ
    restarts, persistent or not. RabbitMQ 4.3 refuses to declare such a queue
    unless it is exclusive.

    ## Example

    ```toml
    [broker]
    version = "4.1"

    [queues.celery]
    durable = false

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    version = "4.1"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ; from 4.3 an error.

    ## Source

    Measured on RabbitMQ 3.10.8. For 4.3: RabbitMQ's documentation; issues kombu#2237,
    celery#9759, celery#10287.
    """

    name = "transient-queue"
    code = "QT320"
    severity = "warning"
    needs = ("broker.transport", "broker.version", "queues.*.type", "queues.*.exclusive")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at durability, and at the broker's version."""
        if not is_rabbitmq(context):
            return
        refused = verdict(context.topology.broker, lambda version: version >= (4, 3))
        for name, queue in context.topology.queues.items():
            if queue.durable or queue.exclusive or kind(queue) != CLASSIC:
                continue
            also = "" if refused is None else f", and {refused.where} refuses to declare it"
            yield self.finding(
                f"queue {name!r} does not outlive a restart of the broker, nor do its tasks{also}",
                ("queues", name, "durable"),
                help="leave 'durable' out: queues are durable unless the file says otherwise",
                related=[("the version is said here", ("broker", "version"))]
                if refused is not None and context.topology.broker.version is not None
                else [],
                severity=self.severity if refused is None else refused.severity,
            )
