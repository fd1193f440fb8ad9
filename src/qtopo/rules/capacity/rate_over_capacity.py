"""The rule `rate-over-capacity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.landing import landings, rates_hold
from qtopo.rules.placement import PLACING, cores, slots
from qtopo.topology.units import format_duration, per_second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.tasks import Task


class RateOverCapacity(Rule):
    """Tasks are sent faster than their workers can run them.

    ## Why is this bad?

    How often a task is sent, times how long it runs, is how many places it keeps
    busy. Where that is more than its workers have, the queue grows without end: what
    is run gets older and older, until the broker is full.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.resize"]
    rate = "2/s"
    duration = "5s"

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.resize"]
    rate = "2/s"
    duration = "5s"

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    replicas = 3
    ```

    ## Versions

    Any.

    ## Source

    Little's law. `qtopo capacity` says how many workers are needed for a given wait.
    """

    name = "rate-over-capacity"
    code = "QT853"
    severity = "warning"
    needs = (
        *PLACING,
        "beat",
        "machines.*.cpus",
        "tasks.*",
        "workers.*.queues",
        "workers.*.replicas",
        "workers.*.concurrency",
        "workers.*.autoscale",
        "workers.*.pool",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Add up the work that the same workers get, and compare it with their places."""
        topology = context.topology
        if not rates_hold(context):
            return
        scheduled = set()
        if topology.beat is not None:
            # What the schedule sends too often is a finding of its own.
            scheduled = {entry.task for entry in topology.beat.schedule.values()}
        work: dict[tuple[str, ...], list[tuple[float, Task]]] = {}
        for landing in landings(context):
            if len(landing.queues) != 1 or not landing.workers:
                continue
            heap = work.setdefault(landing.workers, [])
            for task in landing.tasks:
                if task.rate and task.duration is not None and task.name not in scheduled:
                    heap.append((per_second(task.rate) * (task.duration.mean or 0), task))
        for workers, heap in work.items():
            busy = sum(load for load, _ in heap)
            places = self._places(context, workers)
            if not heap or places is None or busy <= places * (1 + 1e-9):
                continue
            load, task = max(heap, key=lambda one: (one[0], one[1].name))
            others = f" and {len(heap) - 1} more" if len(heap) > 1 else ""
            mean = format_duration(task.duration.mean if task.duration else 0)
            yield self.finding(
                f"{task.name!r}{others} would keep {busy:.3g} places busy, "
                f"and {_words(workers)} {places}",
                ("tasks", task.name, "rate"),
                help="give it more processes or replicas, or send the task less often",
                related=[
                    (f"it takes {mean}: {load:.3g} places", ("tasks", task.name, "duration")),
                    ("the worker is declared here", ("workers", min(workers))),
                ],
            )

    def _places(self, context: Context, workers: tuple[str, ...]) -> int | None:
        """Return how many tasks workers run at a time; None where the file does not say."""
        places = 0
        for name in workers:
            worker = context.topology.workers[name]
            size = slots(worker, cores(context, worker))
            if size is None:
                return None
            places += size * worker.replicas
        return places


def _words(workers: tuple[str, ...]) -> str:
    shown = ", ".join(map(repr, sorted(workers)[:3])) + (", ..." if len(workers) > 3 else "")
    return f"worker {shown} has" if len(workers) == 1 else f"workers {shown} have"
