"""Which tasks land together on which workers: what the rules about load and loss add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.rules.placement import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.tasks import Task

_FACTS = (
    "duration",
    "rate",
    "rate_limit",
    "cpu",
    "memory",
    "time_limit",
    "acks_late",
    "idempotent",
)


class Landing(NamedTuple):
    """Tasks that get into the same queues, those queues, and the running workers that take them."""

    queues: tuple[str, ...]
    workers: tuple[str, ...]
    tasks: list[Task]


def landings(context: Context) -> list[Landing]:
    """Return where the tasks land of which something is known; worked out once.

    Tasks are kept in heaps, one for each way they are published: a hundred
    thousand of them take few ways. A schedule entry with a queue of its own is
    one more way. Left out is what cannot be judged (see `place`).
    """
    if "landings" not in context.memory:
        context.memory["landings"] = list(_landings(context))
    found: list[Landing] = context.memory["landings"]
    return found


def rates_hold(context: Context) -> bool:
    """Whether the declared rates are those of what is judged.

    They are of the base: an overlay describes another deployment, such as a
    laptop's, and how much is sent there is not known.
    """
    return context.topology.environment is None


def _landings(context: Context) -> Iterator[Landing]:
    topology = context.topology
    heaps: dict[int, Landing] = {}
    for task in topology.tasks.values():
        if not any(getattr(task, fact) is not None for fact in _FACTS):
            continue
        placement = place(context, task.name)
        if placement is None:
            continue
        heap = heaps.get(id(placement))
        if heap is None:
            heap = heaps[id(placement)] = Landing(placement.queues, placement.workers, [])
        heap.tasks.append(task)
    yield from heaps.values()
    entries = () if topology.beat is None else topology.beat.schedule.values()
    for entry in entries:
        scheduled = topology.tasks.get(entry.task or "")
        if scheduled is not None and entry.queue and entry.queue in topology.queues:
            workers = context.wiring.consumers.get(entry.queue, ())
            yield Landing((entry.queue,), workers, [scheduled])
