"""Where a task goes: the route that decides, what Celery publishes, who gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.delivery import deliveries
from qtopo.routing.table import Decision, table
from qtopo.topology.publishing import publishing

if TYPE_CHECKING:
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology


class DecidedBy(NamedTuple):
    """What decided: `kind` is `route`, `task` or `default`, `path` its key path."""

    kind: str
    path: Path


class Publish(NamedTuple):
    """What goes on the wire; None where the queue is not declared."""

    exchange: str | None
    routing_key: str | None
    priority: int | None


class Considered(NamedTuple):
    """Something that matched the task, and whether it decided."""

    kind: str
    path: Path
    pattern: str | None
    decided: bool


class Routed(NamedTuple):
    """Where one task goes: the shape of `qtopo route --format json`.

    `queue`, `exchange`, `exchange_type`, `routing_key` are what Celery resolves;
    `priority` is on the scale of the file (0-9, None: carries none); `publish`
    is what goes out; `delivered_to` the queues that get it, `workers` the
    running workers that consume any of them.
    """

    task: str
    decided_by: DecidedBy
    queue: str
    exchange: str | None
    exchange_type: str | None
    routing_key: str | None
    priority: int | None
    publish: Publish
    delivered_to: tuple[str, ...]
    workers: tuple[str, ...]
    considered: tuple[Considered, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of one route."""
        return {
            **self._asdict(),
            "decided_by": {"kind": self.decided_by.kind, "path": list(self.decided_by.path)},
            "publish": self.publish._asdict(),
            "delivered_to": list(self.delivered_to),
            "workers": list(self.workers),
            "considered": [{**one._asdict(), "path": list(one.path)} for one in self.considered],
        }


def route(topology: Topology, task: str) -> Routed:
    """Return where a task goes when it is sent without any option of its own."""
    matching = table(topology).matching(task)
    return _routed(topology, task, matching[0], matching)


def route_many(topology: Topology, tasks: list[str]) -> list[Routed]:
    """Return where each task goes, without what else was considered."""
    find = table(topology).find
    return [_routed(topology, task, find(task), []) for task in tasks]


def _routed(topology: Topology, task: str, decision: Decision, matching: list[Decision]) -> Routed:
    sent = publishing(topology, decision.route)
    delivered: tuple[str, ...] = ()
    if sent.wire_exchange is not None:
        delivered = deliveries(topology).queues(
            sent.wire_exchange, sent.wire_key or "", sent.headers
        )
    consumers = topology.wiring.consumers
    workers = dict.fromkeys(worker for queue in delivered for worker in consumers.get(queue, ()))
    return Routed(
        task=task,
        decided_by=DecidedBy(decision.kind, decision.path),
        queue=sent.queue,
        exchange=sent.exchange,
        exchange_type=sent.exchange_type,
        routing_key=sent.routing_key,
        priority=sent.priority,
        publish=Publish(sent.wire_exchange, sent.wire_key, sent.wire_priority),
        delivered_to=delivered,
        workers=tuple(workers),
        considered=tuple(
            Considered(one.kind, one.path, one.pattern, one is decision) for one in matching
        ),
    )
