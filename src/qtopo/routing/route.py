"""Where a task goes: the route that decides, what Celery publishes, who gets it.

`route` follows Celery's own algorithm for one call, step by step. `route_many`
gives the same answer for tasks that are sent without any option, fast: what
becomes of them is worked out once for each route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.call import ANNOTATION, CALL, DECORATOR, QUEUE, ROUTE, Call, Refusal
from qtopo.routing.delivery import deliveries
from qtopo.routing.table import Decision, table
from qtopo.topology.common import EMPTY
from qtopo.topology.priority import UNSET, off_wire
from qtopo.topology.publishing import publishing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qtopo.routing.call import Delay, Lost, Resolved, Taken
    from qtopo.routing.delivered import Passed
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology


class DecidedBy(NamedTuple):
    """What named the queue.

    `kind` is `route`, `task` or `default` and `path` its key path; or `call`,
    `annotation` or `decorator`, which stand in no file (`path` is empty).
    """

    kind: str
    path: Path


class Publish(NamedTuple):
    """What goes on the wire; None where Celery refuses to send."""

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

    `queue`, `exchange`, `exchange_type`, `routing_key` are what Celery resolves
    (`queue` None: it is sent to an exchange alone); `priority` is on the scale
    of the file (0-9, None: carries none); `publish` is what goes out;
    `delivered_to` the queues that get it, `workers` the running workers that
    consume any of them. `taken` says where each value came from and `lost` what
    was weaker; `steps` are the exchanges it passes with the bindings that took it;
    `delay` is the detour of a countdown, `refused` why it is not sent at all; `only_if`
    what has to be so for it to be sent, where the file does not tell. The last six
    are empty in what `route_many` gives.
    """

    task: str
    decided_by: DecidedBy
    queue: str | None
    exchange: str | None
    exchange_type: str | None
    routing_key: str | None
    priority: int | None
    publish: Publish
    delivered_to: tuple[str, ...]
    workers: tuple[str, ...]
    considered: tuple[Considered, ...] = ()
    delivery_mode: int | None = None
    headers: Mapping[str, Any] = EMPTY
    taken: tuple[Taken, ...] = ()
    lost: tuple[Lost, ...] = ()
    steps: tuple[Passed, ...] = ()
    delay: Delay | None = None
    refused: Refusal | None = None
    only_if: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of one route."""
        from qtopo.routing.plain import plain

        return {name: plain(value) for name, value in zip(self._fields, self, strict=True)}


def route(topology: Topology, task: str, call: Call | None = None) -> Routed:
    """Return where a task goes: sent as `call` says, else without any option of its own."""
    from qtopo.routing.resolve import resolve
    from qtopo.routing.sending import sending

    call = Call(task) if call is None else call._replace(task=task)
    # `.map()` and `.starmap()` are routed by the name of the task inside.
    matching = table(topology).matching(str(call.options.get("route_name") or task))
    found = resolve(sending(topology), call)
    considered = tuple(
        Considered(one.kind, one.path, one.pattern, one is matching[0]) for one in matching
    )
    if isinstance(found, Refusal):
        return _refused(topology, call, matching[0], found, considered)
    return _resolved(topology, call, matching[0], found, considered)


def imitated(topology: Topology, task: str, call: Call | None, how: str) -> list[Routed]:
    """Return where what Celery itself sends for a task goes.

    `how` is `retry` (the task again), `chord-body` (what ends the chord that it is
    the body of: two where it depends on the result backend, which the file does not
    tell), `map`, `starmap` or `chunks`.
    """
    from qtopo.routing import builtin
    from qtopo.routing.resolve import resolve
    from qtopo.routing.sending import sending

    call = Call(task) if call is None else call._replace(task=task)
    if how == "chord-body":
        both = builtin.chord_calls(topology.results, sending(topology), call)
        return [_sent(topology, task, call, one.sent)._replace(only_if=one.only_if) for one in both]
    sent: Call | Refusal
    if how == "retry":
        first = resolve(sending(topology), call)
        sent = first if isinstance(first, Refusal) else builtin.retry_call(call, first)
    elif how == "chunks":
        sent = builtin.chunk_call(call.options)
    else:
        sent = builtin.map_call(task, call.options, star=how == "starmap")
    return [_sent(topology, task, call, sent)]


def _sent(topology: Topology, task: str, call: Call, sent: Call | Refusal) -> Routed:
    if isinstance(sent, Refusal):
        return _refused(topology, call, table(topology).find(task), sent, ())
    return route(topology, sent.task, sent)


def route_many(topology: Topology, tasks: Iterable[str]) -> list[Routed]:
    """Return where each task goes when it is sent without any option of its own.

    What else was considered, and where each value came from, is left out.
    """
    find = table(topology).find
    # By where it stands: routes hold tables, and many tasks share a queue.
    known: dict[object, tuple[Any, ...]] = {}
    found = []
    for task in tasks:
        decision = find(task)
        own = decision.kind == "task" and decision.route is not None
        key = decision.route.queue if own and decision.route else decision.path
        shared = known.get(key)
        if shared is None:
            shared = known[key] = tuple(_plain(topology, decision))
        decided = DecidedBy(decision.kind, decision.path) if own else shared[1]
        found.append(Routed._make((task, decided, *shared[2:])))
    return found


def _plain(topology: Topology, decision: Decision) -> Routed:
    """Return what becomes of every task that a route decides."""
    sent = publishing(topology, decision.route)
    delivered: tuple[str, ...] = ()
    if sent.wire_exchange is not None:
        delivered = deliveries(topology, delayed=True).queues(
            sent.wire_exchange, sent.wire_key or "", sent.headers
        )
    return Routed(
        task="",
        decided_by=DecidedBy(decision.kind, decision.path),
        queue=sent.queue,
        exchange=sent.exchange,
        exchange_type=sent.exchange_type,
        routing_key=sent.routing_key,
        priority=sent.priority,
        publish=Publish(sent.wire_exchange, sent.wire_key, sent.wire_priority),
        delivered_to=delivered,
        workers=consumers(topology, delivered),
    )


def _resolved(
    topology: Topology,
    call: Call,
    decision: Decision,
    found: Resolved,
    considered: tuple[Considered, ...],
) -> Routed:
    from qtopo.routing.resolve import message_headers

    decided_by = _decided_by(found.taken, decision)
    broker = deliveries(topology, delayed=True)
    headers = message_headers(call, found)
    if found.delay is None:
        delivered = broker.trace(found.wire_exchange, found.wire_key or "", headers)
    else:
        from qtopo.routing.delayed import delivered_late

        delivered = delivered_late(topology, found.delay, headers)
    return Routed(
        task=call.task,
        decided_by=decided_by,
        queue=found.queue,
        exchange=found.exchange,
        exchange_type=_exchange_type(topology, found),
        routing_key=_key(decision, decided_by, found),
        priority=_priority(topology, decision, found),
        publish=Publish(found.wire_exchange, found.wire_key, found.priority),
        delivered_to=delivered.queues,
        workers=consumers(topology, delivered.queues),
        considered=considered,
        delivery_mode=found.delivery_mode,
        headers=found.headers,
        taken=found.taken,
        lost=found.lost,
        steps=delivered.steps,
        delay=found.delay,
        refused=delivered.refused and Refusal(*delivered.refused, found.taken, found.lost),
    )


def _refused(
    topology: Topology,
    call: Call,
    decision: Decision,
    refusal: Refusal,
    considered: tuple[Considered, ...],
) -> Routed:
    source, queue = _asked(call)
    decided_by = DecidedBy(decision.kind, decision.path)
    if source is not None:
        decided_by = DecidedBy(source, ())
    elif decision.route is not None and decision.route.queue:
        queue = decision.route.queue
    return Routed(
        task=call.task,
        decided_by=decided_by,
        queue=str(queue or topology.default_queue),
        exchange=None,
        exchange_type=None,
        routing_key=None,
        priority=None if decision.route is None else decision.route.priority,
        publish=Publish(None, None, None),
        delivered_to=(),
        workers=(),
        considered=considered,
        taken=refusal.taken,
        lost=refusal.lost,
        refused=refusal,
    )


def _asked(call: Call) -> tuple[str | None, Any]:
    """Return what names a queue over the route, and the queue."""
    told = {CALL: call.options}
    if call.registered:
        told |= {ANNOTATION: call.annotation, DECORATOR: call.decorator}
    for source, options in told.items():
        if options.get("queue"):
            return source, options["queue"]
    return None, None


def _decided_by(taken: tuple[Taken, ...], decision: Decision) -> DecidedBy:
    for one in taken:
        if one.key == "queue" and one.source in (CALL, ANNOTATION, DECORATOR):
            return DecidedBy(one.source, one.path or ())
    return DecidedBy(decision.kind, decision.path)


def _key(decision: Decision, decided_by: DecidedBy, found: Resolved) -> str | None:
    """Return the key of the message; a direct queue's route may give one that nobody looks at."""
    given = None if decision.route is None else decision.route.routing_key
    said = any(one.key == "routing_key" and one.source != QUEUE for one in found.taken)
    if given and not said and not found.wire_exchange and decided_by.kind == "route":
        return given
    return found.routing_key


def _exchange_type(topology: Topology, found: Resolved) -> str | None:
    """Return the type of the exchange; Celery takes one that a route names for its queue's."""
    through = found.exchange if found.exchange == found.wire_exchange else None
    return topology.wiring.exchange_type(through or "") or found.exchange_type


def _priority(topology: Topology, decision: Decision, found: Resolved) -> int | None:
    """Return the priority on the scale of the file."""
    given = None if decision.route is None else decision.route.priority
    for one in found.taken:
        if one.key == "priority" and one.source == ROUTE:
            return UNSET if given is None else given
    if found.priority is None:
        return given
    queue = topology.queues.get(found.queue or "")
    return off_wire(topology, queue, found.priority)


def consumers(topology: Topology, queues: Iterable[str]) -> tuple[str, ...]:
    """Return the running workers that consume any of some queues, each once."""
    running = topology.wiring.consumers
    return tuple(dict.fromkeys(worker for name in queues for worker in running.get(name, ())))
