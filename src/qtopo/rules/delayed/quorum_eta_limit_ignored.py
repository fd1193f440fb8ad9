"""The rule `quorum-eta-limit-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import quorum_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

SETTING = "worker_eta_task_limit"


class QuorumEtaLimitIgnored(Rule):
    """The limit of delayed tasks in a worker has no effect with a quorum queue.

    ## Why is this bad?

    `worker_eta_task_limit` bounds how far a worker raises what it reserves for tasks
    that are not due yet. With a quorum queue anywhere it cannot raise it at all.

    ## Example

    ```toml
    [settings]
    worker_eta_task_limit = 1000

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

    Read in the source of Celery 5.7.0.
    """

    name = "quorum-eta-limit-ignored"
    code = "QT657"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the setting, where there is a quorum queue."""
        quorum = quorum_queues(context)
        if quorum and context.topology.settings.get(SETTING) is not None:
            yield self.finding(
                f"{SETTING} has no effect: {quorum[0]!r} is a quorum queue",
                ("settings", SETTING),
                help="leave it out",
                related=[("the queue is declared here", ("queues", quorum[0]))],
            )
