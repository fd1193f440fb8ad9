"""The rule `queue-name-collision`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.names import entity_name
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueNameCollision(Rule):
    """The names of two queues are one and the same on the broker.

    ## Why is this bad?

    Some brokers allow few characters in names, and kombu replaces the others: on SQS
    `a.b` and `a-b` are the queue `a-b`. Both kinds of tasks end up in it, and each
    worker takes those of the other.

    ## Example

    ```toml
    [broker]
    transport = "sqs"

    [queues.celery]
    [queues."mail.out"]
    [queues.mail-out]

    [[routes]]
    task = "a"
    queue = "mail.out"

    [[routes]]
    task = "b"
    queue = "mail-out"

    [workers.main]
    queues = ["celery", "mail.out", "mail-out"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "sqs"

    [queues.celery]
    [queues.mail-out]
    [queues.mail-returned]

    [[routes]]
    task = "a"
    queue = "mail-out"

    [[routes]]
    task = "b"
    queue = "mail-returned"

    [workers.main]
    queues = ["celery", "mail-out", "mail-returned"]
    ```

    ## Versions

    SQS, Google Pub/Sub, Azure, PGMQ and Kafka.

    ## Source

    Measured on kombu 5.7.0. PGMQ: read in the source of kombu 5.7.0.
    """

    name = "queue-name-collision"
    code = "QT413"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Make the names that kombu makes."""
        broker = context.topology.broker
        taken: dict[str, str] = {}
        for name in context.topology.queues:
            entity = entity_name(broker.kind.name, name)
            if entity is None:
                return
            first = taken.setdefault(entity, name)
            if first != name:
                yield self.finding(
                    f"queues {first!r} and {name!r} are one on {broker.transport}: {entity!r}",
                    At(("queues", name), "key"),
                    help="give them names that differ in a letter or a digit",
                    related=[("the other is here", At(("queues", first), "key"))],
                )
