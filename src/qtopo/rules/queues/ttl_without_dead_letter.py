"""The rule `ttl-without-dead-letter`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import STREAM, argument, is_rabbitmq, kind
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TtlWithoutDeadLetter(Rule):
    """Tasks in a queue expire, and nothing takes those that do.

    ## Why is this bad?

    A task that waits longer than `message_ttl` is dropped without a trace: no
    worker sees it, no result says so, nothing is logged. With `dead_letter` it can
    be counted and looked at.

    ## Example

    ```toml
    [queues.celery]
    message_ttl = "1h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    message_ttl = "1h"
    dead_letter = { exchange = "expired", routing_key = "expired" }

    [queues.expired]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "ttl-without-dead-letter"
    code = "QT315"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at queues that workers consume."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            ttl = argument(queue, "x-message-ttl")
            if ttl is None or type(ttl.value) is not int or ttl.value < 0:
                continue
            if queue.broadcast or queue.exclusive or kind(queue) == STREAM:
                continue
            if name not in context.wiring.consumers:
                continue
            known = context.is_sound("queues", name, "dead_letter")
            if known and argument(queue, "x-dead-letter-exchange") is None:
                yield self.finding(
                    f"tasks that wait in queue {name!r} for {format_duration(ttl.value / 1000)} "
                    "are dropped without a trace",
                    ttl.path,
                    help="give the queue a dead_letter, or tasks an expiry of their own",
                )
