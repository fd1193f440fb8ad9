"""The rule `quorum-without-confirm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import quorum_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QuorumWithoutConfirm(Rule):
    """Quorum queues are used, and `confirm_publish` is switched off.

    ## Why is this bad?

    A quorum queue is safe because a message counts as taken once most of the nodes
    have it. Without confirmations nobody waits for that: what is sent while a leader
    changes is lost, and `delay()` returns as if all were well. Celery's
    documentation asks for it; the compiler writes it unless the file says false.

    ## Example

    ```toml
    [broker.options]
    confirm_publish = false

    [queues.celery]
    type = "quorum"

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

    RabbitMQ with quorum queues, which Celery looks for in the whole application.

    ## Source

    Celery's documentation, Using RabbitMQ.
    """

    name = "quorum-without-confirm"
    code = "QT654"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the option, where there is a quorum queue."""
        quorum = quorum_queues(context)
        if quorum and context.topology.broker.options.get("confirm_publish") is False:
            yield self.finding(
                f"confirm_publish is off, and {quorum[0]!r} is a quorum queue: "
                "tasks can be lost while a leader changes",
                ("broker", "options", "confirm_publish"),
                help="leave it out: the compiler switches it on",
                related=[("the queue is declared here", ("queues", quorum[0]))],
            )
