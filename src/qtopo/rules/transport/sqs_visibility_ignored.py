"""The rule `sqs-visibility-ignored`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

OPTIONS = ("predefined_queues", "visibility_timeout")


class SqsVisibilityIgnored(Rule):
    """On SQS the visibility timeout is set for queues that kombu does not create.

    ## Why is this bad?

    kombu gives a queue its visibility timeout when it creates it, and with
    `predefined_queues` it creates none. What holds is what the queue was made with, 30
    seconds unless somebody chose more: every task that is acknowledged late and takes
    longer is run twice.

    ## Example

    ```toml
    [broker]
    transport = "sqs"

    [broker.options]
    visibility_timeout = "2h"

    [broker.options.predefined_queues.celery]
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/celery"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    Set the timeout where the queue is made.

    ```toml
    [broker]
    transport = "sqs"

    [broker.options.predefined_queues.celery]
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/celery"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    SQS.

    ## Source

    `kombu/transport/SQS`, `_new_queue`; issue celery#7234.
    """

    name = "sqs-visibility-ignored"
    code = "QT432"
    severity = "warning"
    needs = ("broker",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for both options."""
        broker = context.topology.broker
        queues, timeout = (broker.options.get(name) for name in OPTIONS)
        if broker.kind.name != "sqs" or timeout is None:
            return
        if isinstance(queues, Mapping) and queues:
            yield self.finding(
                "'visibility_timeout' has no effect on predefined queues: they keep their own",
                ("broker", "options", "visibility_timeout"),
                help="set it on the queues themselves, in AWS",
                related=[("kombu creates none of these", ("broker", "options", OPTIONS[0]))],
            )
