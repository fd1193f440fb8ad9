"""The ways of tasks: where each known one goes in both files, and what a move does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.changes.change import (
    ADDED,
    CHANGED,
    DUPLICATES,
    HARMLESS,
    REMOVED,
    STRANDS,
    WORKERS_FIRST,
    Change,
    TaskChange,
    Way,
)
from qtopo.changes.sides import consumed, delivered, parked
from qtopo.routing.delivery import deliveries
from qtopo.routing.route import route_many
from qtopo.routing.table import table
from qtopo.topology.common import EMPTY
from qtopo.topology.publishing import publishing
from qtopo.topology.routes import Regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.changes.sides import Sides
    from qtopo.routing.route import Routed
    from qtopo.topology.finding import Path
    from qtopo.topology.publishing import Publishing
    from qtopo.topology.routes import Route
    from qtopo.topology.topology import Topology

Verdict = tuple[str, str]


def tasks(sides: Sides) -> list[TaskChange]:
    """Return every task that either file knows and whose way is another one now."""
    names = list(dict.fromkeys((*sides.old.known_tasks(), *sides.new.known_tasks())))
    before, after = route_many(sides.old, names), route_many(sides.new, names)
    found = []
    for old, new in zip(before, after, strict=True):
        was, now = _routed(old), _routed(new)
        spilt: tuple[str, ...] = ()
        if sides.stale:
            spilt = sides.spilt(publishing(sides.new, table(sides.new).find(new.task).route))
        if was == now and not spilt:
            continue
        effect, why = judge(sides, was, now, spilt)
        found.append(TaskChange(effect, new.task, was, now, why))
    return found


def _routed(one: Routed) -> Way:
    return Way(
        one.queue,
        one.publish.exchange,
        one.publish.routing_key,
        one.publish.priority,
        tuple(one.delivered_to),
        tuple(one.workers),
    )


def way(topology: Topology, sent: Publishing) -> Way:
    """Return the way of what is published."""
    queues = delivered(topology, sent)
    consumers = topology.wiring.consumers
    workers = dict.fromkeys(name for queue in queues for name in consumers.get(queue, ()))
    return Way(
        sent.queue, sent.wire_exchange, sent.wire_key, sent.wire_priority, queues, tuple(workers)
    )


def judge(sides: Sides, old: Way | None, new: Way, spilt: Iterable[str] = ()) -> Verdict:
    """Return the class of a move and a sentence; `old` None: what it was is not known.

    `spilt` are queues that get it only by bindings that nobody declares any more.
    """
    lost = _lost(sides, old, new)
    if lost is not None:
        return STRANDS, lost
    if sides.moved:
        return WORKERS_FIRST, "the new broker needs workers before anything is sent to it"
    waiting = _waiting(sides, old, new)
    if waiting is not None:
        return STRANDS, waiting
    twice = _twice(sides, old, new, spilt)
    if twice is not None:
        return twice
    return _order(sides, old, new)


def _lost(sides: Sides, old: Way | None, new: Way) -> str | None:
    if new.exchange is None:
        return f"queue {new.queue!r} is not declared: Celery refuses to send it"
    if not new.delivered_to:
        return "no binding takes it: it is lost"
    idle = [
        one
        for one in new.delivered_to
        if not consumed(sides.new, one) and not parked(sides.new, one)
    ]
    if idle:
        return f"no worker consumes {_names(idle)}"
    ran = old is not None and any(consumed(sides.old, one) for one in old.delivered_to)
    if ran and not any(consumed(sides.new, one) for one in new.delivered_to):
        return f"it ran, and is only parked in {_names(new.delivered_to)} from now on"
    return None


def _waiting(sides: Sides, old: Way | None, new: Way) -> str | None:
    """Return what becomes of messages that wait where the task went before."""
    if old is None or sides.forgetful:
        return None
    left = [
        one
        for one in old.delivered_to
        if one not in new.delivered_to
        and not consumed(sides.new, one)
        and not parked(sides.new, one)
        and not sides.before.queues[one].broadcast
    ]
    return f"no worker consumes what still waits in {_names(left)}" if left else None


def _twice(sides: Sides, old: Way | None, new: Way, spilt: Iterable[str]) -> Verdict | None:
    copies = _copies(sides.new, new)
    if len(copies) > 1 and (old is None or len(_copies(sides.old, old)) < len(copies)):
        return DUPLICATES, f"it gets into {_names(copies)}, and runs once for each"
    stray = [one for one in spilt if not _broadcast(sides.new, one)]
    run = [one for one in stray if consumed(sides.new, one)]
    if run:
        return DUPLICATES, f"an old binding takes it to {_names(run)} too, until it is unbound"
    if stray:
        return STRANDS, (
            f"an old binding takes a copy to {_names(stray)}, which nobody consumes, "
            "until it is unbound"
        )
    return None


def _order(sides: Sides, old: Way | None, new: Way) -> Verdict:
    first = [
        one
        for one in new.delivered_to
        if not consumed(sides.old, one) and not parked(sides.new, one)
    ]
    if first:
        return WORKERS_FIRST, f"no worker of the old file consumes {_names(first)}"
    moved = old is not None and (old.exchange, old.routing_key) != (new.exchange, new.routing_key)
    # What a headers exchange takes does not depend on the key.
    if moved and sides.old.wiring.exchange_type(new.exchange or "") != "headers":
        known = deliveries(sides.old).queues(new.exchange or "", new.routing_key or "", EMPTY)
        missing = [one for one in new.delivered_to if one not in known]
        if missing and new.exchange:
            return WORKERS_FIRST, (
                f"the binding that takes it to {_names(missing)} has to be declared first"
            )
    if old is not None and old.delivered_to != new.delivered_to:
        return HARMLESS, "the workers of both files consume both queues"
    return HARMLESS, "the same queues get it"


def _copies(topology: Topology, one: Way) -> list[str]:
    """Return the queues in which it is run once each."""
    return [
        name
        for name in one.delivered_to
        if not _broadcast(topology, name) and consumed(topology, name)
    ]


def _broadcast(topology: Topology, name: str) -> bool:
    return name in topology.queues and topology.queues[name].broadcast


def _names(names: Iterable[str]) -> str:
    found = [repr(one) for one in names]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def routes(sides: Sides) -> Iterator[Change]:
    """Yield what differs in `[[routes]]`, pattern by pattern, and in their order."""
    old, new = _patterns(sides.old), _patterns(sides.new)
    for text in dict.fromkeys((*old, *new)):
        if text not in new:
            path, route = old[text]
            why = "what it took goes to the next route that matches"
            yield Change(
                HARMLESS, "route", text, REMOVED, None, _table(route), None, why, path, None
            )
            continue
        path, route = new[text]
        now = publishing(sides.new, route)
        spilt = sides.spilt(now)
        if text not in old:
            effect, why = judge(sides, None, way(sides.new, now), spilt)
            yield Change(effect, "route", text, ADDED, None, None, _table(route), why, None, path)
            continue
        place, was = old[text]
        if _table(was) != _table(route):
            before = way(sides.old, publishing(sides.old, was))
            effect, why = judge(sides, before, way(sides.new, now), spilt)
            yield Change(
                effect, "route", text, CHANGED, None, _table(was), _table(route), why, place, path
            )
    yield from _reordered(old, new)


def _reordered(
    old: dict[str, tuple[Path, Route]], new: dict[str, tuple[Path, Route]]
) -> Iterator[Change]:
    # Exact names beat every pattern wherever they stand.
    before = [text for text in old if text in new and _is_pattern(text)]
    after = [text for text in new if text in old and _is_pattern(text)]
    if before != after:
        first = next(one for one, other in zip(after, before, strict=True) if one != other)
        yield Change(
            HARMLESS,
            "route",
            "(order)",
            CHANGED,
            None,
            before,
            after,
            "of two patterns that match, the first decides; tasks that it moves are listed",
            old[first][0],
            new[first][0],
        )


def _is_pattern(text: str) -> bool:
    return "*" in text or text.startswith("/")


def _patterns(topology: Topology) -> dict[str, tuple[Path, Route]]:
    """Return the route of each name and pattern, the first where there are several."""
    found: dict[str, tuple[Path, Route]] = {}
    for index, route in enumerate(topology.routes):
        texts: Iterable[Any]
        if isinstance(route.task, Regex):
            texts = (f"/{route.task.regex}/",)
        else:
            texts = (route.task,) if isinstance(route.task, str) else route.task
        for text in texts:
            found.setdefault(text, (("routes", index), route))
    return found


def _table(route: Route) -> dict[str, Any]:
    return {key: value for key, value in route.write().items() if key != "task"}


def default(sides: Sides) -> Verdict:
    """Return what another default queue means."""
    old, new = publishing(sides.old, None), publishing(sides.new, None)
    return judge(sides, way(sides.old, old), way(sides.new, new), sides.spilt(new))
