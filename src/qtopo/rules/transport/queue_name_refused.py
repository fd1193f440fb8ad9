"""The rule `queue-name-refused`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.names import refusal
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueNameRefused(Rule):
    """The name of a queue is one that the broker refuses.

    ## Why is this bad?

    SQS takes 80 letters, digits, `-` and `_`; Azure's storage queues 3 to 63 small
    letters, digits and single dashes; Kafka 249 letters, digits, `.`, `_` and `-`.
    kombu replaces punctuation; the rest, blanks and accents included, goes to the
    service and comes back as an error when the queue is made.

    ## Example

    ```toml
    [broker]
    transport = "sqs"

    [queues.celery]
    [queues."café"]

    [[routes]]
    task = "a"
    queue = "café"

    [workers.main]
    queues = ["celery", "café"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "sqs"

    [queues.celery]
    [queues.cafe]

    [[routes]]
    task = "a"
    queue = "cafe"

    [workers.main]
    queues = ["celery", "cafe"]
    ```

    ## Versions

    SQS, Azure Storage Queues and Kafka.

    ## Source

    The services' own rules for names.
    """

    name = "queue-name-refused"
    code = "QT414"
    severity = "error"
    needs = ("broker.transport", "broker.options.queue_name_prefix")

    def check(self, context: Context) -> Iterator[Finding]:
        """Hold the names against the service's rules."""
        broker = context.topology.broker
        given = broker.options.get("queue_name_prefix")
        prefix = given if isinstance(given, str) else ""
        for name in context.topology.queues:
            why = refusal(broker.kind.name, prefix, name)
            if why is not None:
                shown = name if len(name) <= 40 else name[:37] + "..."
                yield self.finding(
                    f"{broker.transport} refuses the queue {shown!r}: {why}",
                    At(("queues", name), "key"),
                    help="give it another name",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
