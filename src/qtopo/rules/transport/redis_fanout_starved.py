"""The rule `redis-fanout-starved`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import bindings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RedisFanoutStarved(Rule):
    """On Redis one worker consumes two queues of a fanout exchange, and one of them gets nothing.

    ## Why is this bad?

    A fanout exchange is a channel of Redis' publish and subscribe, and a process listens
    to it once: what comes in goes to one of the queues, and the other stays empty. On
    RabbitMQ each queue gets its copy.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [exchanges.news]
    type = "fanout"

    [queues.celery]

    [queues.audit]
    exchange = "news"  # qtopo: ignore[redis-fanout-forgets] may be missed
    routing_key = "news"

    [queues.search]
    exchange = "news"  # qtopo: ignore[redis-fanout-forgets] may be missed
    routing_key = "news"

    [workers.main]
    queues = ["celery", "audit", "search"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.audit]
    [queues.search]

    [workers.main]
    queues = ["celery", "audit", "search"]
    ```

    ## Versions

    Redis: `redis`, `rediss` and `sentinel`.

    ## Source

    Measured on kombu 5.7.0 and Redis 7.0.15.
    """

    name = "redis-fanout-starved"
    code = "QT431"
    severity = "error"
    needs = ("broker.transport", "exchanges.*.type", "queues.*")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for two queues on one channel among the queues of a worker."""
        topology = context.topology
        if topology.broker.kind.name != "redis":
            return
        channels: dict[str, tuple[str, str]] = {}
        for one in bindings(context):
            exchange = one.binding.exchange
            if context.wiring.exchange_type(exchange) == "fanout":
                channels[one.queue] = (exchange, one.binding.routing_key or "")
        if not channels:
            return
        for name, worker in topology.workers.items():
            taken: dict[tuple[str, str], str] = {}
            for index, queue in enumerate(worker.queues):
                channel = channels.get(queue)
                if channel is None:
                    continue
                other = taken.setdefault(channel, queue)
                if other != queue:
                    yield self.finding(
                        f"queues {other!r} and {queue!r} are both on fanout exchange "
                        f"{channel[0]!r}: in worker {name!r} one of them gets nothing",
                        ("workers", name, "queues", index),
                        help="give one of them to another worker",
                        related=[("the other queue is declared here", ("queues", other))],
                    )
