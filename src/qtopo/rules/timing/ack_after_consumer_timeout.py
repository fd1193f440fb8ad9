"""The rule `ack-after-consumer-timeout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, place
from qtopo.rules.rabbitmq import CLASSIC, is_rabbitmq, kind, quorum_queues, verdict
from qtopo.rules.timing.runtime import Runtime, acks_late, longest
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.queues import Queue
    from qtopo.topology.tasks import Task

LIMIT = 1800.0


class AckAfterConsumerTimeout(Rule):
    """A task keeps its message for longer than RabbitMQ waits for the acknowledgement.

    ## Why is this bad?

    After 30 minutes RabbitMQ closes the channel of a consumer that has not
    acknowledged, unless `consumer_timeout` in its configuration says otherwise: the
    worker loses its connection, and every message it held is delivered again. That
    happens with `acks_late` while the task runs, and with a delay while the worker
    waits. From 4.3 classic queues have no such timeout; from 3.12 a queue can have one
    of its own, the argument `x-consumer-timeout`.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    acks_late = true
    time_limit = "2h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    version = "4.3"

    [queues.celery]

    [tasks."shop.report"]
    acks_late = true
    time_limit = "2h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ; from 4.3 quorum queues only.

    ## Source

    RabbitMQ's documentation, Consumers. Issues celery#6760, celery#6954,
    edx-platform#32811.
    """

    name = "ack-after-consumer-timeout"
    code = "QT603"
    severity = "warning"
    needs = (*PLACING, "broker.version", "queues.*.type", "tasks.*.acks_late", "tasks.*.time_limit")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare what each task holds with the timeout of its queue."""
        if not is_rabbitmq(context):
            return
        topology = context.topology
        classic = verdict(topology.broker, lambda version: version < (4, 3))
        shortest = min(map(_limit, topology.queues.values()), default=LIMIT)
        for name, task in topology.tasks.items():
            # Most tasks are short, and there may be very many.
            if task.duration is None and max(task.max_delay or 0, task.time_limit or 0) <= shortest:
                continue
            held = _held(context, task)
            if held is None or held.seconds <= shortest:
                continue
            placement = place(context, name)
            if placement is None:
                continue
            queue = topology.queues[placement.sent.queue]
            where = "RabbitMQ" if kind(queue) != CLASSIC else classic and classic.where
            if where is not None and held.seconds > _limit(queue):
                yield self.finding(
                    f"task {name!r} {held.words} for {format_duration(held.seconds)}: "
                    f"{where} closes the channel after {format_duration(_limit(queue))}",
                    held.path,
                    help="give the queue the argument x-consumer-timeout (milliseconds), or raise "
                    "consumer_timeout in rabbitmq.conf and waive this rule here",
                    related=[_limit_place(queue)],
                )


def _held(context: Context, task: Task) -> Runtime | None:
    """Return the longest a worker holds the task's message."""
    found = []
    # With a quorum queue anywhere the broker holds delayed tasks, or another
    # rule says why it does not.
    if task.max_delay and not quorum_queues(context):
        path = ("tasks", task.name, "max_delay")
        found.append(Runtime(task.max_delay, path, "waits unacknowledged"))
    run = longest(task)
    if run is not None and acks_late(context, task):
        found.append(run._replace(words=f"{run.words} unacknowledged"))
    return max(found, key=lambda one: one.seconds, default=None)


def _limit_place(queue: Queue) -> tuple[str, Path]:
    path = ("queues", queue.name)
    if "x-consumer-timeout" in queue.arguments:
        return "the timeout is set here", (*path, "arguments", "x-consumer-timeout")
    return f"queue {queue.name!r} sets no timeout of its own", path


def _limit(queue: Queue) -> float:
    raw = queue.arguments.get("x-consumer-timeout")
    return raw / 1000 if type(raw) is int and raw > 0 else LIMIT
