"""Which queues nobody consumes, and what can be said about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.references.lookup import declared
from qtopo.rules.senders import DEFAULT, TASK, senders
from qtopo.topology.finding import At, Edit, Fix
from qtopo.topology.suggest import nearest

if TYPE_CHECKING:
    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path


def idle(context: Context) -> list[str]:
    """Return the declared queues without a running consumer, in the order of the file.

    Left out are broken ones, and those that a worker nearly names: the name it
    does write is reported as undeclared, and is the one mistake there is.
    """
    found: list[str] | None = context.memory.get("idle")
    if found is None:
        found = context.memory["idle"] = _idle(context)
    return found


def _idle(context: Context) -> list[str]:
    topology = context.topology
    if not declared(context, "workers"):
        return []
    consumers = context.wiring.consumers
    found = [
        name
        for name in topology.queues
        if name not in consumers and name and context.is_sound("queues", name)
    ]
    if found:
        unknown = [name for name in consumers if name and name not in topology.queues]
        meant = {nearest(name, topology.queues) for name in unknown}
        found = [name for name in found if name not in meant]
    return found


def source_of(context: Context, queue: str) -> str | None:
    """Return what a sentence calls that which gets into a queue, or None where nothing does."""
    sources: dict[str, list[str]] | None = context.memory.get("sources")
    if sources is None:
        sources = context.memory["sources"] = {}
        for sender in senders(context.topology):
            if sender.kind not in (DEFAULT, TASK):
                for name in sender.delivered_to(context.topology):
                    sources.setdefault(name, []).append(sender.label)
        for name, task in context.topology.tasks.items():
            if task.queue:
                sources.setdefault(task.queue, []).append(f"task {name!r}")
    labels = sources.get(queue, [])
    if not labels:
        return "what is left over elsewhere" if takes_leftovers(context, queue) else None
    others = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return f"what is sent by {labels[0]}{others}"


def takes_leftovers(context: Context, queue: str) -> bool:
    """Whether a queue is bound to an exchange that takes dead letters, or what finds no binding."""
    targets: set[object] | None = context.memory.get("leftovers")
    if targets is None:
        targets = context.memory["leftovers"] = set()
        for one in context.topology.queues.values():
            targets.add(one.dead_letter and one.dead_letter.exchange)
            raw = one.arguments.get("x-dead-letter-exchange")
            targets.add(raw if isinstance(raw, str) else None)
        targets.update(one.alternate for one in context.topology.exchanges.values())
    return any(one.exchange and one.exchange in targets for one in context.wiring.bindings[queue])


def way_out(context: Context, queue: str) -> str:
    """Return how a queue gets a consumer."""
    off = switched_off(context, queue)
    if off:
        return f"give worker {off[0][1][1]!r} at least one replica, or list the queue for another"
    workers = context.topology.workers
    if not workers:
        return f"declare a worker with queues = [{_quoted(queue)}]"
    return f"add {_quoted(queue)} to the queues of a worker"


def consume(context: Context, queue: str) -> Fix | None:
    """Return the fix that has the only worker consume a queue; None where there are several."""
    workers = context.topology.workers
    if len(workers) != 1:
        return None
    ((name, worker),) = workers.items()
    if not worker.replicas or not worker.queues:
        return None
    edit = Edit(At(("workers", name, "queues", len(worker.queues))), queue)
    return Fix(f"add {queue!r} to the queues of worker {name!r}", (edit,))


def switched_off(context: Context, queue: str) -> tuple[tuple[str, Path], ...]:
    """Return the workers without replicas that list a queue, as related places."""
    return tuple(
        ("this worker would consume it, but has no replicas", ("workers", name, "replicas"))
        for name, worker in context.topology.workers.items()
        if not worker.replicas and queue in worker.queues
    )


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
