"""The rule `default-queue-broadcast`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DefaultQueueBroadcast(Rule):
    """The default queue is a broadcast queue.

    ## Why is this bad?

    Every task without a route would run once on each worker: also those that
    nobody thought of, and those that Celery sends for itself, such as
    `celery.backend_cleanup`, or `celery.chord_unlock` where the chord's body has no
    route: that chord then ends several times.

    ## Example

    ```toml
    [defaults]
    queue = "all"

    [queues.all]
    broadcast = true

    [workers.main]
    queues = ["all"]
    ```

    ## Use instead

    ```toml
    [defaults]
    queue = "default"

    [queues.default]

    [queues.all]
    broadcast = true

    [workers.main]
    queues = ["default", "all"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8: what is sent to a broadcast queue ran on each
    of two workers.
    """

    name = "default-queue-broadcast"
    code = "QT232"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the default queue."""
        name = context.topology.default_queue
        given = context.topology.defaults.queue is not None
        queue = context.topology.queues.get(name)
        if queue is not None and queue.broadcast:
            yield self.finding(
                f"the default queue {name!r} is a broadcast: "
                "every task without a route runs on each worker",
                ("queues", name, "broadcast"),
                help="make an ordinary queue the default",
                related=[("it is made the default here", ("defaults", "queue"))] if given else [],
            )
