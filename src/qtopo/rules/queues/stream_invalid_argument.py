"""The rule `stream-invalid-argument`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.queues.quorum_invalid_property import WRONG
from qtopo.rules.rabbitmq import REFUSED, STREAM, arguments, is_rabbitmq, kind, type_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class StreamInvalidArgument(Rule):
    """A stream has a property or an argument that streams do not take.

    ## Why is this bad?

    RabbitMQ refuses to declare it: 406 PRECONDITION_FAILED. A stream is a log: its
    messages have no priority, do not expire one by one, and are never rejected.
    What it keeps is limited by `max_length_bytes` and the argument `x-max-age`.

    ## Example

    ```toml
    [queues.celery]

    [queues.audit]
    type = "stream"
    message_ttl = "7d"
    exchange = "events"
    routing_key = "audit.#"
    parking = true

    [exchanges.events]
    type = "topic"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [queues.audit]
    type = "stream"
    exchange = "events"
    routing_key = "audit.#"
    parking = true
    arguments = { x-max-age = "7D" }

    [exchanges.events]
    type = "topic"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "stream-invalid-argument"
    code = "QT306"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at what each stream is declared with."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if kind(queue) != STREAM:
                continue
            for key, wrong, words in WRONG:
                if getattr(queue, key) is wrong:
                    yield self.finding(
                        f"stream {name!r} {words}: RabbitMQ refuses to declare it",
                        ("queues", name, key),
                        help=f"leave {key!r} out",
                        related=[("its type is said here", type_place(queue))],
                    )
            for one in arguments(queue):
                if one.name in REFUSED[STREAM]:
                    yield self.finding(
                        f"stream {name!r} has {one.path[-1]!r}, which streams do not take: "
                        "RabbitMQ refuses to declare it",
                        one.path,
                        help="leave it out: what a stream keeps is limited by max_length_bytes and "
                        "'x-max-age'",
                        related=[("its type is said here", type_place(queue))],
                    )
