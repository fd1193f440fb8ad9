"""The rule `sqs-queue-not-predefined`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.names import entity_name
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

OPTION = "predefined_queues"


class SqsQueueNotPredefined(Rule):
    """On SQS a queue is missing from the queues that are said to be all there are.

    ## Why is this bad?

    With `predefined_queues` kombu creates no queue and knows no other: the first use of
    this one raises `UndefinedQueueException`, in the worker when it starts and in
    whoever sends a task there.

    ## Example

    ```toml
    [broker]
    transport = "sqs"

    [broker.options.predefined_queues.celery]
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/celery"

    [queues.celery]
    [queues.emails]

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "sqs"

    [broker.options.predefined_queues.celery]
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/celery"

    [broker.options.predefined_queues.emails]
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/emails"

    [queues.celery]
    [queues.emails]

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    SQS.

    ## Source

    `kombu/transport/SQS`, `_resolve_queue_url`.
    """

    name = "sqs-queue-not-predefined"
    code = "QT430"
    severity = "error"
    needs = ("broker",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up each queue among those that are predefined."""
        broker = context.topology.broker
        given = broker.options.get(OPTION)
        if broker.kind.name != "sqs" or not isinstance(given, Mapping) or not given:
            return
        prefix = broker.options.get("queue_name_prefix", "")
        if not isinstance(prefix, str):
            return
        for name in context.topology.queues:
            # kombu looks up what it makes of a name: without points, say.
            entity = entity_name("sqs", prefix + name)
            if name and entity and entity not in given and context.is_sound("queues", name):
                yield self.finding(
                    f"queue {entity!r} is not among the {OPTION}: using it raises "
                    "UndefinedQueueException",
                    At(("queues", name), "table"),
                    help=f"give its URL under [broker.options.{OPTION}], by that name",
                    related=[("these are all there are", ("broker", "options", OPTION))],
                )
