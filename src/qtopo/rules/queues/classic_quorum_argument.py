"""The rule `classic-quorum-argument`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import (
    CLASSIC,
    QUORUM,
    REFUSED,
    arguments,
    is_rabbitmq,
    kind,
    type_place,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ClassicQuorumArgument(Rule):
    """A classic queue has an argument that only quorum queues or streams take.

    ## Why is this bad?

    RabbitMQ refuses to declare it: 406 PRECONDITION_FAILED, `invalid arg`. The
    worker exits at its start. A queue without `type` is a classic one.

    ## Example

    ```toml
    [queues.celery]
    delivery_limit = 5

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    type = "quorum"
    delivery_limit = 5

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "classic-quorum-argument"
    code = "QT304"
    severity = "error"
    needs = ("broker.transport", "broker.version", "queues.*.type", "queues.*.arguments")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at what each classic queue is declared with."""
        if not is_rabbitmq(context):
            return
        locator = verdict(context.topology.broker, lambda version: version < (4, 0))
        for name, queue in context.topology.queues.items():
            if kind(queue) != CLASSIC:
                continue
            said = "classic queue" if queue.type or "x-queue-type" in queue.arguments else "queue"
            why = "" if said == "classic queue" else " (without a type it is a classic one)"
            place = (
                ("its type is said here", type_place(queue))
                if said == "classic queue"
                else ("no type is said here", ("queues", name))
            )
            for one in arguments(queue):
                if one.name in REFUSED[CLASSIC]:
                    yield self.finding(
                        f"{said} {name!r} has {one.path[-1]!r}, which classic queues do not take: "
                        f"RabbitMQ refuses to declare it{why}",
                        one.path,
                        help="leave it out: only streams take it"
                        if one.name in REFUSED[QUORUM]
                        else 'leave it out, or write type = "quorum"',
                        related=[place],
                    )
                elif one.name == "x-queue-leader-locator" and locator is not None:
                    yield self.finding(
                        f"{said} {name!r} has {one.name!r}, which {locator.where} refuses "
                        f"for a classic queue{why}",
                        one.path,
                        help="leave it out, or use 'x-queue-master-locator'",
                        related=[place],
                        severity=locator.severity,
                    )
