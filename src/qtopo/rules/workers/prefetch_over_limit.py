"""The rule `prefetch-over-limit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import is_rabbitmq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

MOST = 65_535
DEFAULT = 4


class PrefetchOverLimit(Rule):
    """A worker would reserve more messages than AMQP can count.

    ## Why is this bad?

    It reserves its size times `prefetch_multiplier` (4 where nothing is said). AMQP
    counts to 65535; above that Celery asks for no limit at all, and the worker takes
    the whole queue into its memory.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "gevent"
    concurrency = 1000
    prefetch_multiplier = 100
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    pool = "gevent"
    concurrency = 1000
    prefetch_multiplier = 10
    ```

    ## Versions

    RabbitMQ; 65535 is AMQP's limit.

    ## Source

    Read in the source of kombu 5.7.0.
    """

    name = "prefetch-over-limit"
    code = "QT509"
    severity = "warning"
    needs = (
        "broker.transport",
        "settings.worker_prefetch_multiplier",
        "workers.*.prefetch_multiplier",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Multiply."""
        if not is_rabbitmq(context):
            return
        given = context.topology.settings.get("worker_prefetch_multiplier")
        default = given if type(given) is int else DEFAULT
        for name, worker in context.topology.workers.items():
            # A solo worker's size is another rule's.
            if worker.capacity is None or worker.pool == "solo":
                continue
            multiplier = worker.prefetch_multiplier or default
            if worker.capacity * multiplier > MOST:
                size = "autoscale" if worker.autoscale is not None else "concurrency"
                key = "prefetch_multiplier" if worker.prefetch_multiplier else size
                yield self.finding(
                    f"worker {name!r} would reserve {worker.capacity} times {multiplier} messages, "
                    f"more than {MOST}: Celery then sets no limit",
                    ("workers", name, key),
                    help=f"{MOST // worker.capacity} times is within the limit"
                    if worker.capacity <= MOST
                    else "make it smaller",
                )
