"""The rule `quorum-max-priority`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import QUORUM, argument, is_rabbitmq, kind, type_place, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

LEVELS = 31


class QuorumMaxPriority(Rule):
    """A quorum queue has `max_priority`, which RabbitMQ before 4.3 refuses.

    ## Why is this bad?

    RabbitMQ refuses to declare it: 406 PRECONDITION_FAILED, `invalid arg
    'x-max-priority'`. The worker exits at its start. From 4.0 a quorum queue tells
    urgent messages from others without being asked to; from 4.3 it takes up to 31
    levels.

    ## Example

    ```toml
    [broker]
    version = "4.1"

    [queues.celery]
    type = "quorum"
    max_priority = 5

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    version = "4.3"

    [queues.celery]
    type = "quorum"
    max_priority = 5

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ before 4.3.

    ## Source

    Measured on RabbitMQ 3.10.8. From 4.0: Amazon MQ's documentation, RabbitMQ 4 and
    RabbitMQ 4.3.
    """

    name = "quorum-max-priority"
    code = "QT302"
    severity = "error"
    needs = ("broker.transport", "broker.version")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare with the broker's version."""
        if not is_rabbitmq(context):
            return
        refused = verdict(context.topology.broker, lambda version: version < (4, 3))
        for name, queue in context.topology.queues.items():
            priority = argument(queue, "x-max-priority")
            if priority is None or kind(queue) != QUORUM:
                continue
            if type(priority.value) is int and not 0 <= priority.value <= LEVELS:
                yield self.finding(
                    f"quorum queue {name!r} has max_priority {priority.value}: "
                    f"RabbitMQ takes at most {LEVELS} for a quorum queue, and none before 4.3",
                    priority.path,
                    help="max_priority = 9 has a level for each priority of a route",
                    related=[("its type is said here", type_place(queue))],
                )
            elif refused is not None:
                yield self.finding(
                    f"quorum queue {name!r} has max_priority, which {refused.where} refuses to "
                    "declare",
                    priority.path,
                    help="leave it out, make the queue classic, or use RabbitMQ 4.3",
                    related=[("its type is said here", type_place(queue))],
                    severity=refused.severity,
                )
