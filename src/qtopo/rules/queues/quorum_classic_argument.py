"""The rule `quorum-classic-argument`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import QUORUM, REFUSED, arguments, is_rabbitmq, kind, type_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QuorumClassicArgument(Rule):
    """A quorum queue has an argument that only another type of queue takes.

    ## Why is this bad?

    RabbitMQ knows which type of queue takes which argument, and refuses to declare
    one with a wrong one: 406 PRECONDITION_FAILED, `invalid arg`. The worker exits
    at its start.

    ## Example

    ```toml
    [queues.celery]
    type = "quorum"
    arguments = { x-queue-mode = "lazy" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
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

    name = "quorum-classic-argument"
    code = "QT303"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at what each quorum queue is declared with."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if kind(queue) != QUORUM:
                continue
            for one in arguments(queue):
                # max_priority has a rule of its own: versions differ.
                if one.name in REFUSED[QUORUM] and one.name != "x-max-priority":
                    yield self.finding(
                        f"quorum queue {name!r} has {one.name!r}, which only another type of "
                        "queue takes: "
                        "RabbitMQ refuses to declare it",
                        one.path,
                        help="leave it out: a quorum queue keeps its messages on disk anyway"
                        if one.name == "x-queue-mode"
                        else "leave it out",
                        related=[("its type is said here", type_place(queue))],
                    )
