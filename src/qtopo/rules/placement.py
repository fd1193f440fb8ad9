"""Where tasks land: the queues that get them and the workers that run them, looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.routing.delivery import deliveries
from qtopo.routing.table import table
from qtopo.rules.senders import sound_queue
from qtopo.topology.publishing import publishing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
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
    topology = context.topology
    decision = table(topology).find(task)
    own = topology.tasks.get(task)
    key = decision.path if decision.kind != "task" or own is None else ("task", own.queue or "")
    known: dict[object, Placement | None] = context.memory.setdefault("placements", {})
    if key not in known:
        known[key] = None
        sent = publishing(topology, decision.route)
        if (
            sent.wire_exchange is not None
            and context.is_sound(*decision.path)
            and sound_queue(context, sent.queue)
        ):
            queues = deliveries(topology).queues(
                sent.wire_exchange, sent.wire_key or "", sent.headers
            )
            workers = dict.fromkeys(
                worker for queue in queues for worker in context.wiring.consumers.get(queue, ())
            )
            known[key] = Placement(sent, queues, tuple(workers))
    return known[key]


def placed(context: Context, *keys: str) -> Iterator[tuple[Task, Placement]]:
    """Yield the tasks that give any of `keys`, with where they land."""
    for task in context.topology.tasks.values():
        if any(getattr(task, key) for key in keys):
            placement = place(context, task.name)
            if placement is not None:
                yield task, placement


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
