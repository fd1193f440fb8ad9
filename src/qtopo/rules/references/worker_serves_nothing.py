"""The rule `worker-serves-nothing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.consumption import source_of, takes_leftovers
from qtopo.rules.references.lookup import PARTS
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.topology import Topology


class WorkerServesNothing(Rule):
    """Nothing in the file sends tasks to any queue of a worker.

    ## Why is this bad?

    No route, no task, no schedule entry and no dead letter gets there, and the queues
    are not the default. Unless callers name one of them themselves, with
    `apply_async(queue=...)`, the worker is paid for and never works, and the tasks
    that were meant for it are elsewhere.

    ## Example

    ```toml
    [queues.celery]
    [queues.emails]
    [queues.reports]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery", "emails"]

    [workers.reports]
    queues = ["reports"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]
    [queues.reports]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [[routes]]
    task = "shop.reports.*"
    queue = "reports"

    [workers.main]
    queues = ["celery", "emails"]

    [workers.reports]
    queues = ["reports"]
    ```

    ## Versions

    Any.

    ## Source

    Queues that are named where a task is sent are invisible to the file: this is a
    hint, and is given only where the file routes tasks to other queues.
    """

    name = "worker-serves-nothing"
    code = "QT140"
    severity = "info"
    needs = (*PARTS, "workers.*.queues", "routes.*", "tasks.*.queue", "beat.schedule.*")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for workers none of whose queues gets anything."""
        topology = context.topology
        if not any(route.queue for route in topology.routes):
            # The file does not say what goes where.
            return
        if any(name not in topology.queues for name in _named(topology)):
            # That has been reported, and may be what the worker waits for.
            return
        for name, worker in topology.workers.items():
            queues = worker.queues
            if not queues or not worker.replicas:
                continue
            if all(self._starves(context, queue) for queue in queues):
                which = "queue" if len(set(queues)) == 1 else "queues"
                shown = ", ".join(map(repr, dict.fromkeys(queues)))
                yield self.finding(
                    f"nothing in the file sends tasks to the {which} of worker {name!r} ({shown})",
                    At(("workers", name), "table"),
                    help="route tasks there, or leave the worker and its queues out",
                    related=[
                        (f"queue {queue!r} is declared here", At(("queues", queue), "table"))
                        for queue in dict.fromkeys(queues)
                    ][:3],
                )

    def _starves(self, context: Context, name: str) -> bool:
        queue = context.topology.queues.get(name)
        return (
            queue is not None
            and context.is_sound("queues", name)
            and name != context.topology.default_queue
            and not queue.broadcast
            and not queue.bindings
            and queue.exchange is None
            and source_of(context, name) is None
            and not takes_leftovers(context, name)
        )


def _named(topology: Topology) -> Iterator[str]:
    """Yield the queues that anything names which sends tasks."""
    yield topology.default_queue
    yield from (route.queue for route in topology.routes if route.queue)
    yield from (task.queue for task in topology.tasks.values() if task.queue)
    if topology.beat is not None:
        yield from (entry.queue for entry in topology.beat.schedule.values() if entry.queue)
