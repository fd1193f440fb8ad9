"""The rule `prefetch-hoards-tasks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.landing import landings
from qtopo.rules.placement import PLACING
from qtopo.topology.finding import At
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.rules.landing import Landing
    from qtopo.topology.finding import Finding
    from qtopo.topology.tasks import Task
    from qtopo.topology.workers import Worker

LONG = 60.0
DEFAULT = 4


class PrefetchHoardsTasks(Rule):
    """A worker reserves long tasks that another one could run.

    ## Why is this bad?

    A worker reserves `prefetch_multiplier` messages for each task it can run, four
    where nothing is said. What it has reserved nobody else gets: it waits behind tasks
    that run for minutes while another process is idle, and behind them even when its
    priority is the highest, since the broker sorts only what it still has.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    duration = "5m"

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    replicas = 2
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    duration = "5m"

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    replicas = 2
    prefetch_multiplier = 1
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0: the first prefetch count is concurrency times multiplier.
    Issues celery#4537, celery#2788.
    """

    name = "prefetch-hoards-tasks"
    code = "QT530"
    severity = "warning"
    needs = (
        *PLACING,
        "settings",
        "queues.*",
        "routes.*",
        "workers.*.queues",
        "workers.*.replicas",
        "workers.*.prefetch_multiplier",
        "workers.*.extra_args",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the workers that share a queue of long tasks, or one with priorities."""
        workers = context.topology.workers
        waiting: dict[str, tuple[int, Task, str]] = {}
        for landing in landings(context):
            long = [task for task in landing.tasks if _mean(task)[0] >= LONG]
            if not long:
                continue
            shared = sum(workers[name].replicas for name in landing.workers) > 1
            if not shared and not self._urgent(context, landing):
                continue
            why = "another process may be idle" if shared else "more urgent ones come in"
            longest = max(long, key=_mean)
            for name in landing.workers:
                multiplier = self._multiplier(context, workers[name])
                other = waiting.get(name)
                if multiplier > 1 and (other is None or _mean(other[1]) < _mean(longest)):
                    waiting[name] = (multiplier, longest, why)
        for name, found in waiting.items():
            yield self._found(workers[name], *found)

    def _found(self, worker: Worker, multiplier: int, task: Task, why: str) -> Finding:
        given = worker.prefetch_multiplier is not None
        at = ("workers", worker.name)
        return self.finding(
            f"worker {worker.name!r} reserves {multiplier} messages for each task it can run: "
            f"they wait behind {task.name!r} ({format_duration(_mean(task)[0])}) while {why}",
            (*at, "prefetch_multiplier") if given else At(at, "table"),
            help="write prefetch_multiplier = 1",
            related=[("it runs that long", ("tasks", task.name, "duration"))],
        )

    def _multiplier(self, context: Context, worker: Worker) -> int:
        settings = context.topology.settings
        # On other brokers than Redis Celery does not heed these; they are reported.
        if settings.get("worker_disable_prefetch") or "--disable-prefetch" in worker.extra_args:
            return 1
        if worker.prefetch_multiplier is not None:
            return worker.prefetch_multiplier
        general = settings.get("worker_prefetch_multiplier", DEFAULT)
        return general if isinstance(general, int) else DEFAULT

    def _urgent(self, context: Context, landing: Landing) -> bool:
        """Whether tasks of several priorities share the queue."""
        topology = context.topology
        if topology.broker.kind.name not in ("rabbitmq", "redis"):
            return False
        for name in landing.queues:
            if topology.broker.kind.name == "rabbitmq" and not topology.queues[name].max_priority:
                continue
            if len(_priorities(context).get(name, ())) > 1:
                return True
        return False


def _mean(task: Task) -> tuple[float, str]:
    """Return how long a task runs, and its name, so that one is always the longest."""
    return (0.0 if task.duration is None else task.duration.mean or 0.0), task.name


def _priorities(context: Context) -> dict[str, set[int]]:
    """Return the priorities that routes give, for each queue."""
    found: dict[str, set[int]] | None = context.memory.get("route priorities")
    if found is None:
        found = context.memory["route priorities"] = {}
        for route in context.topology.routes:
            if route.priority is not None:
                queue = route.queue or context.topology.default_queue
                found.setdefault(queue, set()).add(route.priority)
    return found
