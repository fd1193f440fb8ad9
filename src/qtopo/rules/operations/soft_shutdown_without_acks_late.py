"""The rule `soft-shutdown-without-acks-late`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.landing import landings
from qtopo.rules.placement import PLACING
from qtopo.rules.timing.runtime import acks_late, longest
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class SoftShutdownWithoutAcksLate(Rule):
    """A worker gives up its tasks when it stops, and one of them cannot be given back.

    ## Why is this bad?

    `shutdown = { soft = ... }` lets tasks run on for that time and then puts back what
    is not done. Only what has not been acknowledged can be put back. Without
    `acks_late` the message is gone since the task began: a task that runs for longer
    is lost with every deployment.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    duration = "5m"

    [workers.main]
    queues = ["celery"]
    shutdown = { soft = "20s" }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    duration = "5m"
    acks_late = true
    idempotent = true

    [workers.main]
    queues = ["celery"]
    shutdown = { soft = "20s" }
    ```

    ## Versions

    Celery 5.5 and later.

    ## Source

    Measured on Celery 5.7.0: a task of 12 s under a soft time of 3 s was lost without
    `acks_late`, and back in the queue with it.
    """

    name = "soft-shutdown-without-acks-late"
    code = "QT903"
    severity = "warning"
    needs = (*PLACING, "settings", "tasks.*", "workers.*.queues")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the tasks of the workers that stop softly."""
        soft = {
            name: worker.shutdown.soft
            for name, worker in context.topology.workers.items()
            if worker.shutdown is not None and worker.shutdown.soft
        }
        if not soft:
            return
        seen = set()
        for landing in landings(context):
            given = [name for name in landing.workers if name in soft]
            if not given:
                continue
            worker = min(given, key=lambda name: (soft[name], name))
            for task in landing.tasks:
                runtime = longest(task)
                if runtime is None or acks_late(context, task) or task.name in seen:
                    continue
                if runtime.seconds > soft[worker]:
                    seen.add(task.name)
                    yield self.finding(
                        f"task {task.name!r} {runtime.words} "
                        f"{format_duration(runtime.seconds)}, worker {worker!r} gives up after "
                        f"{format_duration(soft[worker])}: without acks_late it is lost",
                        runtime.path,
                        help="set acks_late = true on a task that may run twice, or let the "
                        'worker finish: shutdown = "drain"',
                        related=[
                            ("the worker gives up here", ("workers", worker, "shutdown", "soft"))
                        ],
                    )
