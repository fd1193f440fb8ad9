"""What the workers on a kind of machine need, and whether its machines can carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.rules.landing import landings
from qtopo.rules.placement import slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path
    from qtopo.topology.tasks import Task
    from qtopo.topology.workers import Machine, Worker

NEEDS = (
    "machines.*",
    "workers.*.machine",
    "workers.*.pool",
    "workers.*.replicas",
    "workers.*.concurrency",
    "workers.*.autoscale",
)
"""What a rule needs that adds up machines."""

_MANY = 1000
_TOLERANCE = 1 + 1e-9


class Share(NamedTuple):
    """What one replica of a worker needs, how many there are, and how a sentence puts it."""

    worker: str
    replicas: int
    need: float
    words: str


def on_machine(context: Context, machine: Machine) -> list[tuple[Worker, int]]:
    """Return the running workers of a machine, with the tasks that a process runs at a time."""
    by_machine: dict[str, list[Worker]] | None = context.memory.get("workers by machine")
    if by_machine is None:
        by_machine = context.memory["workers by machine"] = {}
        for worker in context.topology.workers.values():
            if worker.machine and worker.replicas:
                by_machine.setdefault(worker.machine, []).append(worker)
    # At least one place, where the file does not say how many.
    return [
        (worker, slots(worker, machine.cpus) or 1) for worker in by_machine.get(machine.name, ())
    ]


def heaviest(context: Context, key: str) -> dict[str, Task]:
    """Return for each worker the task that needs most of something: `cpu` or `memory`."""
    found: dict[str, Task] = {}
    for landing in landings(context):
        known = [task for task in landing.tasks if getattr(task, key)]
        if not known:
            continue
        most = max(known, key=lambda task: (float(getattr(task, key)), task.name))
        for worker in landing.workers:
            other = found.get(worker)
            if other is None or (getattr(other, key), other.name) < (getattr(most, key), most.name):
                found[worker] = most
    return found


def overload(shares: Iterable[Share], count: int, capacity: float) -> float | None:
    """Return what a machine would have to carry where `count` of them cannot; None: they can.

    Replicas are spread evenly; those left over go where they still fit, the
    largest first. What is left over of very many replicas counts as a sum.
    """
    capacity *= _TOLERANCE
    shares = list(shares)
    each = sum(share.need * (share.replicas // count) for share in shares)
    left = [(share.need, share.replicas % count) for share in shares]
    if sum(number for _, number in left) > _MANY:
        average = each + sum(need * number for need, number in left) / count
        return average if average > capacity else None
    machines: list[float] = []
    for need, number in sorted(left, reverse=True):
        for _ in range(number):
            fitting = next(
                (index for index, load in enumerate(machines) if load + need <= capacity), None
            )
            if fitting is not None:
                machines[fitting] += need
            elif len(machines) < count:
                machines.append(each + need)
                if machines[-1] > capacity:
                    return machines[-1]
            else:
                return min(machines) + need
    return each if each > capacity else None


def places(shares: Iterable[Share]) -> list[tuple[str, Path]]:
    """Return the related places: who needs what, the largest first, three at most."""
    largest = sorted(shares, key=lambda share: (-share.need * share.replicas, share.worker))[:3]
    return [(share.words, ("workers", share.worker)) for share in largest if share.need]


def shares_of(
    context: Context, machine: Machine, measure: Callable[[Worker, int], tuple[float, str]]
) -> list[Share]:
    """Return the shares of the workers on a machine; `measure` gives a need and its words."""
    return [
        Share(worker.name, worker.replicas, *measure(worker, size))
        for worker, size in on_machine(context, machine)
    ]
