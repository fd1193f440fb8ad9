"""The rule `quorum-detection-off`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import quorum_queues, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

SETTING = "worker_detect_quorum_queues"


class QuorumDetectionOff(Rule):
    """Celery may not look for quorum queues, and there is one.

    ## Why is this bad?

    It then asks RabbitMQ for a limit per connection, which quorum queues refuse: the
    worker gets 540 NOT_IMPLEMENTED, connects again, and so on for ever. It never
    consumes anything. (From RabbitMQ 4.0 kombu no longer asks.)

    ## Example

    ```toml
    [broker]
    version = "3.13"

    [settings]
    worker_detect_quorum_queues = false

    [queues.celery]
    type = "quorum"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    version = "3.13"

    [queues.celery]
    type = "quorum"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ before 4.0 with quorum queues.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8. Issue py-amqp#302. For 4.0: read in the
    source of kombu 5.7.0.
    """

    name = "quorum-detection-off"
    code = "QT656"
    severity = "error"
    needs = ("broker.transport", "broker.version")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the setting, where there is a quorum queue."""
        quorum = quorum_queues(context)
        fails = verdict(context.topology.broker, lambda version: version < (4, 0))
        if quorum and fails is not None and context.topology.settings.get(SETTING) is False:
            yield self.finding(
                f"workers never consume on {fails.where}: {quorum[0]!r} is a quorum queue, "
                "and Celery may not look for one",
                ("settings", SETTING),
                help="leave it out",
                related=[("the queue is declared here", ("queues", quorum[0]))],
                severity=fails.severity,
            )
