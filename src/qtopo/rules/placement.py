"""Where tasks land: the queues that get them and the workers that run them, looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.routing.delivery import deliveries
from qtopo.routing.table import table
from qtopo.rules.senders import senders, sound_queue
from qtopo.topology.publishing import publishing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from qtopo.routing.table import Decision
    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path
    from qtopo.topology.publishing import Publishing
    from qtopo.topology.tasks import Task
    from qtopo.topology.workers import Worker

PLACING = (
    "include",
    "broker.transport",
    "defaults.queue",
    "routes.*.task",
    "tasks.*.queue",
)
"""What a rule needs that asks where a task lands: one broken route might have been its route."""

GREEN = ("gevent", "eventlet")


class Placement(NamedTuple):
    """What is published for a task, the queues that get it, the running workers that take it."""

    sent: Publishing
    queues: tuple[str, ...]
    workers: tuple[str, ...]


def place(context: Context, task: str) -> Placement | None:
    """Return where a task lands; None where that cannot be judged.

    Its queue is not declared, or something on the way is broken: that has been
    reported already.
    """
    by_task: dict[str, Placement | None] = context.memory.setdefault("placements by task", {})
    try:
        return by_task[task]
    except KeyError:
        pass
    decision = table(context.topology).find(task)
    # Tasks that name the same queue are published alike.
    key = (decision.route and decision.route.queue) if decision.kind == "task" else decision.path
    known: dict[object, Placement | None] = context.memory.setdefault("placements", {})
    if key not in known:
        known[key] = _place(context, decision)
    found = by_task[task] = known[key]
    return found


def placed(context: Context, *keys: str) -> Iterator[tuple[Task, Placement]]:
    """Yield the tasks that give any of `keys`, with where they land."""
    for task in context.topology.tasks.values():
        for key in keys:
            if getattr(task, key):
                break
        else:
            continue
        placement = place(context, task.name)
        if placement is not None:
            yield task, placement


def _place(context: Context, decision: Decision) -> Placement | None:
    topology = context.topology
    sent = publishing(topology, decision.route)
    if sent.wire_exchange is None or not sound_queue(context, sent.queue):
        return None
    # The queue that a task names is whole, or it would not have decided (`PLACING`).
    if decision.kind != "task" and not context.is_sound(*decision.path):
        return None
    queues = deliveries(topology).queues(sent.wire_exchange, sent.wire_key or "", sent.headers)
    workers = dict.fromkeys(
        worker for queue in queues for worker in context.wiring.consumers.get(queue, ())
    )
    return Placement(sent, queues, tuple(workers))


def slots(worker: Worker, cores: float | None = None) -> int | None:
    """Return how many tasks one process runs at a time; None where that is not known.

    A pool without a size has as many places as there are `cores`.
    """
    capacity = worker.capacity
    if capacity is None and cores is not None:
        return max(int(cores), 1)
    return capacity


def cores(context: Context, worker: Worker) -> float | None:
    """Return the cores of the machine a worker names; None where the file does not say."""
    machine = context.topology.machines.get(worker.machine or "")
    return None if machine is None else machine.cpus


def who_sends(context: Context, wanted: Collection[str]) -> dict[str, list[tuple[str, Path]]]:
    """Return who names each of some queues, in words and where; three for a queue at most."""
    topology = context.topology
    found: dict[str, list[tuple[str, Path]]] = {}
    for sender in senders(topology):
        if sender.queue in wanted:
            found.setdefault(sender.queue, []).append((sender.label, sender.place))
    for name, task in topology.tasks.items():
        if task.queue and task.queue in wanted:
            found.setdefault(task.queue, []).append((f"task {name!r}", ("tasks", name, "queue")))
    return {
        queue: [(f"{label} goes there", at) for label, at in dict.fromkeys(spots)][:3]
        for queue, spots in found.items()
    }
