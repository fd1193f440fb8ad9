"""The rule `beat-outruns-workers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, cores, place, slots
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BeatOutrunsWorkers(Rule):
    """A task is sent more often than its workers can run it.

    ## Why is this bad?

    Even if its workers ran nothing else they could not keep up: the queue grows
    without end, and what is run is older each time.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.sync"]
    duration = "5m"

    [beat.schedule.sync]
    task = "shop.sync"
    every = "1m"

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.sync"]
    duration = "5m"

    [beat.schedule.sync]
    task = "shop.sync"
    every = "10m"

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    ```

    ## Versions

    Any.

    ## Source

    Follows from what the file declares: no broker is asked. Issue django-celery-beat#331.
    """

    name = "beat-outruns-workers"
    code = "QT754"
    severity = "warning"
    needs = (*PLACING, "workers.*.queues", "workers.*.replicas", "workers.*.concurrency")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the work that is sent with the places there are."""
        topology = context.topology
        if topology.beat is None or not topology.beat.replicas:
            return
        for name, entry in topology.beat.schedule.items():
            task = topology.tasks.get(entry.task or "")
            if task is None or task.duration is None or not entry.every or not task.duration.mean:
                continue
            if entry.queue:
                workers = context.wiring.consumers.get(entry.queue, ())
            else:
                placement = place(context, task.name)
                workers = () if placement is None else placement.workers
            places = 0
            for one in workers:
                worker = topology.workers[one]
                size = slots(worker, cores(context, worker))
                if size is None:
                    # As many as the machine has cores, and the file does not say.
                    places = 0
                    break
                places += size * worker.replicas
            if places and task.duration.mean > places * entry.every:
                yield self.finding(
                    f"{task.name!r} is sent every {format_duration(entry.every)} and takes "
                    f"{format_duration(task.duration.mean)}: its workers have {places} places, "
                    f"and {-int(-task.duration.mean // entry.every)} are needed",
                    ("beat", "schedule", name, "every"),
                    help="send it less often, or give it more workers",
                    related=[("its duration is here", ("tasks", task.name, "duration"))],
                )
