"""The rule `queue-arguments-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import CLASSIC, arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueArgumentsIgnored(Rule):
    """A queue asks for what the transport does not do.

    ## Why is this bad?

    Priorities, limits, dead letters and types of queues are RabbitMQ's. Other
    transports take the arguments and ignore them in silence: nothing expires,
    nothing is dead-lettered, no limit holds. (Redis knows `expires`, MongoDB that and
    `message_ttl`.)

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]
    max_length = 1000
    overflow = "reject-publish"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Every transport but RabbitMQ and Qpid.

    ## Source

    Measured on kombu 5.7.0 and Redis 7.0.15.
    """

    name = "queue-arguments-ignored"
    code = "QT402"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare what each queue asks for with what has an effect."""
        broker = context.topology.broker
        honoured = broker.kind.arguments
        exchanges = context.wiring.exchanges
        if honoured is None:
            return
        for name, queue in context.topology.queues.items():
            ignored = [
                one
                for one in arguments(queue)
                if one.name not in honoured
                and (one.name, one.value) != ("x-queue-type", CLASSIC)
                # One that is not declared has been reported.
                and (one.name != "x-dead-letter-exchange" or str(one.value) in exchanges)
            ]
            if ignored:
                # Whatever the order of the keys, the finding is the same.
                ignored.sort(key=lambda one: (len(one.path) > 3, one.name * (len(one.path) > 3)))
                keys = ", ".join(repr(one.path[-1]) for one in ignored)
                yield self.finding(
                    f"{broker.transport} ignores {keys} of queue {name!r}",
                    ignored[0].path,
                    help="leave it out" if len(ignored) == 1 else "leave them out",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
