"""The rule `mixed-latency`."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from qtopo.rules.base import Rule
from qtopo.rules.landing import landings, rates_hold
from qtopo.rules.placement import PLACING, cores, slots
from qtopo.topology.units import format_duration, per_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.rules.base import Context
    from qtopo.rules.landing import Landing
    from qtopo.topology.finding import Finding
    from qtopo.topology.tasks import Task

_OFTEN = 0.05
_MANY = 1000


class Runs(NamedTuple):
    """What some workers run, the longest first.

    `means` are negative, so that they rise; `loads[n]` is how many places the
    first n tasks keep busy, as far as their rates are known.
    """

    means: list[float]
    loads: list[float]
    tasks: list[Task]
    queues: list[tuple[str, ...]]


class MixedLatency(Rule):
    """Long tasks hold the places that tasks with a promised wait need.

    ## Why is this bad?

    A worker never interrupts a task for a more urgent one, and its queues share its
    places. While long tasks hold all of them, what was promised to start in seconds
    waits until one of them ends.

    ## Example

    ```toml
    [queues.celery]
    [queues.emails]
    slo = { wait = "30s" }

    [tasks."shop.report"]
    duration = "5m"

    [tasks."shop.email"]
    queue = "emails"
    duration = "1s"

    [workers.main]
    queues = ["celery", "emails"]
    concurrency = 1
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]
    slo = { wait = "30s" }

    [tasks."shop.report"]
    duration = "5m"

    [tasks."shop.email"]
    queue = "emails"
    duration = "1s"

    [workers.main]
    queues = ["celery"]
    concurrency = 1

    [workers.emails]
    queues = ["emails"]
    concurrency = 1
    ```

    ## Versions

    Any.

    ## Source

    With one place a single long task is enough. With more of them the rule speaks
    where Erlang's loss formula, with the declared rates and durations, finds all of
    them held by long tasks for more than a twentieth of the time.
    """

    name = "mixed-latency"
    code = "QT854"
    severity = "warning"
    needs = (
        *PLACING,
        "beat",
        "machines.*.cpus",
        "tasks.*",
        "queues.*.slo",
        "workers.*.queues",
        "workers.*.replicas",
        "workers.*.concurrency",
        "workers.*.autoscale",
        "workers.*.pool",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the queues that promise a wait, and at what else their workers run."""
        queues = context.topology.queues
        if not rates_hold(context):
            return
        promising = [
            (name, queue.slo.wait)
            for name, queue in queues.items()
            if queue.slo is not None and queue.slo.wait and not queue.broadcast
        ]
        if not promising:
            return
        by_worker, shortest = _index(context)
        known: dict[tuple[str, ...], Runs] = {}
        for name, wait in promising:
            consumers = context.wiring.consumers.get(name, ())
            if not consumers or any(by_worker.get(one, _NONE)[0] <= wait for one in consumers):
                # A worker that runs nothing long always has a place before long.
                continue
            places = self._places(context, consumers)
            if places is None or places > _MANY:
                continue
            if consumers not in known:
                known[consumers] = _runs(by_worker[one][1] for one in consumers)
            runs = known[consumers]
            number = bisect_left(runs.means, -wait)
            # A queue of long tasks alone keeps nobody else waiting.
            mixed = shortest.get(name, wait + 1) <= wait or any(
                name not in runs.queues[index] for index in range(number)
            )
            if mixed and _held(runs, number, places, wait):
                slowest = runs.tasks[0]
                yield self.finding(
                    f"queue {name!r} promises a wait of {format_duration(wait)}, and "
                    f"{slowest.name!r} holds {_words(places)} of its workers "
                    f"for {format_duration(_mean(slowest))}",
                    ("queues", name, "slo", "wait"),
                    help="give the queue a worker of its own, which gets no long tasks",
                    related=[
                        ("it runs that long", ("tasks", slowest.name, "duration")),
                        ("the worker is declared here", ("workers", min(consumers))),
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


_NONE: tuple[float, list[Landing]] = (0.0, [])


def _index(
    context: Context,
) -> tuple[dict[str, tuple[float, list[Landing]]], dict[str, float]]:
    """Return for each worker its longest mean and its landings, for each queue its shortest."""
    by_worker: dict[str, tuple[float, list[Landing]]] = {}
    shortest: dict[str, float] = {}
    for landing in landings(context):
        means = [_mean(task) for task in landing.tasks]
        for name in landing.queues:
            shortest[name] = min(min(means), shortest.get(name, means[0]))
        for name in landing.workers:
            longest, others = by_worker.get(name) or (0.0, [])
            others.append(landing)
            by_worker[name] = (max(longest, *means), others)
    return by_worker, shortest


def _runs(heaps: Iterable[list[Landing]]) -> Runs:
    """Return what workers run, each way of publishing once."""
    unique = {id(landing): landing for heap in heaps for landing in heap}
    rows = sorted(
        (
            (-_mean(task), task.name, task, one.queues)
            for one in unique.values()
            for task in one.tasks
        ),
        key=lambda row: row[:2],
    )
    loads = [-mean * per_second(task.rate) if task.rate else 0.0 for mean, _, task, _ in rows]
    return Runs(
        [row[0] for row in rows],
        list(accumulate(loads, initial=0.0)),
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


def _mean(task: Task) -> float:
    return 0.0 if task.duration is None else task.duration.mean or 0.0


def _words(places: int) -> str:
    return "the one place" if places == 1 else f"all {places} places"


def _held(runs: Runs, number: int, places: int, wait: float) -> bool:
    """Whether the longest tasks hold all places, and for longer than the wait."""
    if places == 1:
        return True
    load = runs.loads[number]
    if not load or -runs.means[number - 1] / places <= wait:
        return False
    # Erlang's loss formula, by its recursion.
    blocked = 1.0
    for size in range(1, places + 1):
        blocked = load * blocked / (size + load * blocked)
    return blocked >= _OFTEN
