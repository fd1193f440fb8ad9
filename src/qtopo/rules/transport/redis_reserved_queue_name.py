"""The rule `redis-reserved-queue-name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

PREFIX = "_kombu."
KEYS = {
    "unacked_key": "unacked",
    "unacked_index_key": "unacked_index",
    "unacked_mutex_key": "unacked_mutex",
}


class RedisReservedQueueName(Rule):
    """On Redis a queue has the name of a key that kombu needs for itself.

    ## Why is this bad?

    A queue is a list under its own name. kombu keeps what is unacknowledged in
    `unacked`, `unacked_index` and `unacked_mutex`, and bindings in
    `_kombu.binding.*`: publishing to a queue of that name fails with `WRONGTYPE`.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]
    [queues.unacked]

    [[routes]]
    task = "shop.retry"
    queue = "unacked"

    [workers.main]
    queues = ["celery", "unacked"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]
    [queues.retry]

    [[routes]]
    task = "shop.retry"
    queue = "retry"

    [workers.main]
    queues = ["celery", "retry"]
    ```

    ## Versions

    Redis: `redis`, `rediss` and `sentinel`.

    ## Source

    Measured on kombu 5.7.0 and Redis 7.0.15.
    """

    name = "redis-reserved-queue-name"
    code = "QT405"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the names of queues with kombu's keys."""
        broker = context.topology.broker
        if broker.kind.name != "redis":
            return
        taken = [broker.options.get(option, key) for option, key in KEYS.items()]
        for name in context.topology.queues:
            if name in taken or name.startswith(PREFIX):
                yield self.finding(
                    f"queue {name!r} has the name of a key that kombu keeps in Redis: publishing "
                    "to it fails",
                    At(("queues", name), "key"),
                    help="give it another name",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
