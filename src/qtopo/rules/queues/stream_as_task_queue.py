"""The rule `stream-as-task-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import who_sends
from qtopo.rules.rabbitmq import STREAM, argument, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class StreamAsTaskQueue(Rule):
    """Tasks are sent to a stream, or a worker consumes one.

    ## Why is this bad?

    A stream keeps what it is given and shows it to every consumer: two workers each
    run every task, and a task that was sent while no worker was there is never run.
    Without a quorum queue in the file no worker even begins: RabbitMQ wants a prefetch
    limit of the consumer's own, Celery sets one for the whole channel, and the worker
    exits with 406 PRECONDITION_FAILED, `consumer prefetch count is not set`.

    ## Example

    ```toml
    [queues.celery]
    type = "stream"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    type = "quorum"

    [queues.audit]
    type = "stream"
    exchange = "events"
    routing_key = "#"
    parking = true

    [exchanges.events]
    type = "topic"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8, with and without a quorum queue.
    """

    name = "stream-as-task-queue"
    code = "QT305"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for who uses each stream."""
        if not is_rabbitmq(context):
            return
        queues = context.topology.queues
        streams = {name for name, queue in queues.items() if kind(queue) == STREAM}
        if not streams:
            return
        used = who_sends(context, streams)
        for name, workers in context.wiring.consumers.items():
            if name in streams:
                worker = context.topology.workers[workers[0]]
                at = ("workers", worker.name, "queues", worker.queues.index(name))
                used.setdefault(name, []).append((f"worker {worker.name!r} consumes it", at))
        for name in queues:
            declared = argument(queues[name], "x-queue-type")
            if name in used and declared is not None:
                yield self.finding(
                    f"stream {name!r} is used as a task queue: each worker would run every "
                    "task, or none",
                    declared.path,
                    help='make it type = "quorum" or "classic"',
                    related=used[name],
                )
