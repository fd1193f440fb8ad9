"""The rule `quorum-invalid-property`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import QUORUM, is_rabbitmq, kind, type_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

WRONG = (
    ("durable", False, "is not durable"),
    ("exclusive", True, "is exclusive"),
    ("auto_delete", True, "is deleted with its last consumer"),
)


class QuorumInvalidProperty(Rule):
    """A quorum queue is not durable, exclusive, or deleted with its last consumer.

    ## Why is this bad?

    RabbitMQ refuses to declare it: 406 PRECONDITION_FAILED, `invalid property`. The
    worker exits at its start, and so does every producer's first `delay()`. A
    quorum queue lives on several nodes, so it has to outlive connections.

    ## Example

    ```toml
    [broker]
    version = "4.1"

    [queues.celery]
    type = "quorum"
    durable = false

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    version = "4.1"

    [queues.celery]
    type = "quorum"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "quorum-invalid-property"
    code = "QT301"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the three properties of each quorum queue."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if kind(queue) != QUORUM:
                continue
            for key, wrong, words in WRONG:
                if getattr(queue, key) is wrong:
                    yield self.finding(
                        f"quorum queue {name!r} {words}: RabbitMQ refuses to declare it",
                        ("queues", name, key),
                        help=f"leave {key!r} out, or make it a classic queue",
                        related=[("its type is said here", type_place(queue))],
                    )
