"""The rule `delay-direct-exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed
from qtopo.rules.rabbitmq import quorum_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class DelayDirectExchange(Rule):
    """Delayed tasks go to a direct exchange, and RabbitMQ cannot hold them there.

    ## Why is this bad?

    With a quorum queue anywhere Celery lets RabbitMQ hold delayed tasks and retries,
    but not on direct exchanges: there a worker takes them at once and waits, and
    each occupies one of the few messages it may reserve. With enough of them it
    runs nothing else. (Without a quorum queue Celery reserves more instead.)

    ## Example

    ```toml
    [queues.celery]
    type = "quorum"

    [tasks."shop.remind"]
    max_delay = "10m"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [exchanges.tasks]
    type = "topic"

    [queues.celery]
    type = "quorum"
    exchange = "tasks"
    routing_key = "celery"

    [tasks."shop.remind"]
    max_delay = "10m"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ with quorum queues, which Celery looks for in the whole application.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8. Issue osparc-simcore#8638.
    """

    name = "delay-direct-exchange"
    code = "QT652"
    severity = "warning"
    needs = (*PLACING, "queues.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the exchanges of tasks with a delay, one finding for each queue."""
        if not quorum_queues(context):
            return
        queues = context.topology.queues
        found: dict[str, list[tuple[str, Path]]] = {}
        seen: set[str] = set()
        for key in ("max_delay", "max_retries"):
            for task, placement in placed(context, key):
                queue = queues[placement.sent.queue]
                # A retry of a broadcast has another rule.
                if queue.broadcast or not (
                    queue.bindings or placement.sent.exchange_type == "direct"
                ):
                    continue
                if task.name in seen:
                    continue
                seen.add(task.name)
                verb = "is delayed" if key == "max_delay" else "retries"
                spot = (f"task {task.name!r} {verb}", ("tasks", task.name, key))
                found.setdefault(queue.name, []).append(spot)
        for name, spots in found.items():
            words, at = spots[0]
            more = f" (and {len(spots) - 1} more)" if len(spots) > 1 else ""
            yield self.finding(
                f"{words}{more}, but queue {name!r} is on a direct exchange: "
                "workers hold what RabbitMQ could hold for them",
                at,
                help=f"bind queue {name!r} to a topic exchange, with its own name as the key",
                related=[("the queue is declared here", ("queues", name)), *spots[1:4]],
            )
