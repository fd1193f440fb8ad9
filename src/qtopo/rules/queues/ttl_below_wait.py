"""The rule `ttl-below-wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import argument, is_rabbitmq
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TtlBelowWait(Rule):
    """Tasks expire sooner than their queue may let them wait.

    ## Why is this bad?

    A wait that is promised to be acceptable (`slo`) is longer than `message_ttl`:
    tasks are thrown away, or become dead letters, while all is still as it should be.

    ## Example

    ```toml
    [queues.celery]
    message_ttl = "1m"
    slo = { wait = "5m" }
    dead_letter = "dead"

    [exchanges.dead]
    type = "fanout"

    [queues.dead]
    exchange = "dead"
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    message_ttl = "10m"
    slo = { wait = "5m" }
    dead_letter = "dead"

    [exchanges.dead]
    type = "fanout"

    [queues.dead]
    exchange = "dead"
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8: a message is gone when its time in the queue is over.
    """

    name = "ttl-below-wait"
    code = "QT340"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the time to live of each queue with the wait it promises."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if queue.slo is None or not queue.slo.wait or not context.is_sound("queues", name):
                continue
            ttl = argument(queue, "x-message-ttl")
            if ttl is None or type(ttl.value) is not int or ttl.value < 0:
                continue
            if ttl.value < queue.slo.wait * 1000:
                yield self.finding(
                    f"tasks in queue {name!r} expire after {format_duration(ttl.value / 1000)}, "
                    f"and may wait for {format_duration(queue.slo.wait)}",
                    ttl.path,
                    help="let them live for longer than the longest acceptable wait",
                    related=[("the wait is promised here", ("queues", name, "slo"))],
                )
