"""The rule `redis-fanout-forgets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import bindings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RedisFanoutForgets(Rule):
    """On Redis messages to every worker are lost to a worker that is down.

    ## Why is this bad?

    Redis passes what a fanout exchange gets through publish and subscribe: who is
    connected gets it, and nothing is kept. A worker that restarts at that moment
    never hears of it. On RabbitMQ each queue keeps its copy.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]
    [queues.reload]
    broadcast = true

    [[routes]]
    task = "shop.reload"
    queue = "reload"

    [workers.main]
    queues = ["celery", "reload"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "rabbitmq"

    [queues.celery]
    [queues.reload]
    broadcast = true

    [[routes]]
    task = "shop.reload"
    queue = "reload"

    [workers.main]
    queues = ["celery", "reload"]
    ```

    ## Versions

    Redis: `redis`, `rediss` and `sentinel`.

    ## Source

    Measured on kombu 5.7.0 and Redis 7.0.15.
    """

    name = "redis-fanout-forgets"
    code = "QT407"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for queues that hang on a fanout exchange."""
        if context.topology.broker.kind.name != "redis":
            return
        queues = context.topology.queues
        for name, queue in queues.items():
            if queue.broadcast:
                yield self.finding(
                    f"Redis does not keep what is sent to {name!r} while a worker is down",
                    ("queues", name, "broadcast"),
                    help="send only what may be missed, or use RabbitMQ",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
        seen = set()
        for one in bindings(context):
            queue = queues[one.queue]
            if queue.broadcast or one.queue in seen or not one.binding.exchange:
                continue
            if context.wiring.exchange_type(one.binding.exchange) == "fanout":
                seen.add(one.queue)
                yield self.finding(
                    f"queue {one.queue!r} is bound to fanout exchange {one.binding.exchange!r}: "
                    "Redis does not keep what is sent there while a worker is down",
                    ("queues", one.queue, *one.at, "exchange"),
                    help="send only what may be missed, or use RabbitMQ",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
