"""The rule `queue-max-priority-setting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.settings.overrides import MAX_PRIORITY, quorum_queues, reaches_quorum
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueMaxPrioritySetting(Rule):
    """`task_queue_max_priority` puts priorities into quorum queues.

    ## Why is this bad?

    Celery writes the setting into the arguments of every queue, the quorum queues
    included. RabbitMQ before 4.3 refuses to declare a quorum queue with
    `x-max-priority` (406), and the worker exits.

    ## Example

    ```toml
    [settings]
    task_queue_max_priority = 9

    [queues.celery]

    [queues.orders]
    type = "quorum"

    [workers.main]
    queues = ["celery", "orders"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    max_priority = 9

    [queues.orders]
    type = "quorum"

    [[routes]]
    task = "shop.urgent.*"
    queue = "celery"
    priority = 9

    [workers.main]
    queues = ["celery", "orders"]
    ```

    ## Versions

    RabbitMQ before 4.3 with quorum queues.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8.
    """

    name = "queue-max-priority-setting"
    code = "QT155"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the setting beside quorum queues."""
        topology = context.topology
        if MAX_PRIORITY in topology.settings and reaches_quorum(topology, MAX_PRIORITY):
            first = quorum_queues(topology)[0]
            yield self.finding(
                f"setting {MAX_PRIORITY!r} would reach the quorum queue {first!r}, "
                "which RabbitMQ then refuses to declare",
                At(("settings", MAX_PRIORITY), "key"),
                help="take it out, and give max_priority to the queues that need it",
                related=(("this queue", At(("queues", first), "table")),),
            )
