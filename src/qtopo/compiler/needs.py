"""What a worker process needs of a machine: cores and memory, from what is known of its tasks.

Which queues a task reaches is `routing`'s to say; it is handed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

BASE_MEMORY = 128 * 2**20
"""Bytes of a process that imports Celery and an application and runs nothing."""


class Needs(NamedTuple):
    """What one replica needs; None where the file does not say.

    `cpus` are the cores that are busy when every place is taken; `memory` is in
    bytes, the most it may grow to.
    """

    cpus: float | None = None
    memory: int | None = None


def needs(
    topology: Topology, worker: Worker, reach: Mapping[str, Collection[str]] | None = None
) -> Needs:
    """Return what one replica of a worker needs.

    `reach` maps a task to the queues its messages get to; without it every task
    counts for every worker.
    """
    machine = topology.machines.get(worker.machine or "")
    cores = None if machine is None else machine.cpus
    places = worker.capacity
    if places is None:
        if cores is None:
            return Needs()
        places = max(int(cores), 1)
    consumed = set(worker.queues)
    tasks = [
        task
        for name, task in topology.tasks.items()
        if reach is None or not consumed.isdisjoint(reach.get(name, ()))
    ]
    busiest = max((task.cpu for task in tasks if task.cpu is not None), default=None)
    heaviest = max((task.memory for task in tasks if task.memory is not None), default=0)
    each = worker.memory_of(heaviest)
    return Needs(
        None if busiest is None else worker.cores_of(places, busiest),
        BASE_MEMORY + each * places if each else None,
    )
