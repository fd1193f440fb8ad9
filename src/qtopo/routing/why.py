"""Where a value of an answer comes from, and why a queue gets a message, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.call import ANNOTATION, CALL, CELERY, DECORATOR, QUEUE, ROUTE, SETTING
from qtopo.topology.model import describe
from qtopo.topology.routes import Regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.routing.route import Considered, Routed
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

_SAYERS = {
    CALL: "the call says so",
    ANNOTATION: "task_annotations say so",
    DECORATOR: "the task's decorator says so",
    SETTING: "the settings say so",
    CELERY: "that is what Celery does where nothing is said",
}


def origin(
    routed: Routed,
    key: str,
    topology: Topology,
    wanted: str | None = None,
    *,
    path: Path | None = None,
) -> str:
    """Return what gave a value (`queue`, `exchange`, ...) in words.

    Of a queue it says what decided before a route that leads to the `wanted`
    queue, or that stands at `path`.
    """
    for one in routed.taken:
        if one.key == key and one.source in _SAYERS:
            # That the default queue is taken says less than that no route matches.
            if key == "queue" and one.source in (SETTING, CELERY):
                break
            return _SAYERS[one.source]
        if one.key == key and one.source == QUEUE:
            return f"queue {routed.queue!r} has it so"
        if one.key == key and one.source == ROUTE:
            break
    decider = _decider(routed, topology)
    if routed.decided_by.kind == "default":
        return decider + _routes_to(topology, wanted)
    loser = _loser(routed, topology, wanted, path)
    return (
        f"{decider} before {_matched(loser)}" if loser else decider + _routes_to(topology, wanted)
    )


def refusal(routed: Routed, topology: Topology) -> str:
    """Return why a task is not sent, and what decided where that is the cause."""
    refused = routed.refused
    if refused is None:
        # A quick answer does not say it.
        return f"QueueNotFound: queue {routed.queue!r} is not declared"
    kind, path = routed.decided_by
    queue = _leads_to(topology, path) if kind in ("route", "task") else topology.default_queue
    said = f"{refused.error}: {refused.message}"
    if refused.error != "QueueNotFound" or repr(queue) not in refused.message:
        return said
    return f"{said} ({_decider(routed, topology)})"


def _decider(routed: Routed, topology: Topology) -> str:
    kind, path = routed.decided_by
    if kind == "default":
        return "no route matches, so it is the default queue"
    if kind == "task":
        return f"[{describe(path)}] decides"
    if kind in _SAYERS:
        return _SAYERS[kind]
    decided = next((one for one in routed.considered if one.decided), None)
    if decided is not None:
        return f"the route at {_matched(decided)} decides"
    task = topology.routes[int(path[1])].task
    names = task if isinstance(task, tuple) else (task,)
    shown = ", ".join(f"/{one.regex}/" if isinstance(one, Regex) else repr(one) for one in names)
    return f"the route at {describe(path)} ({shown}) decides"


def _matched(one: Considered) -> str:
    return describe(one.path) + (f" ({one.pattern!r})" if one.pattern else "")


def _loser(
    routed: Routed, topology: Topology, wanted: str | None, path: Path | None
) -> Considered | None:
    """Return what matched too and would have done as wanted."""
    for one in routed.considered:
        if one.decided or one.kind == "default":
            continue
        if path is not None and one.path == path:
            return one
        if wanted is not None and wanted == _leads_to(topology, one.path):
            return one
    return None


def _leads_to(topology: Topology, path: Path) -> str | None:
    if path[0] == "tasks":
        return topology.tasks[str(path[1])].queue
    return topology.routes[int(path[1])].queue or topology.default_queue


def _routes_to(topology: Topology, wanted: str | None) -> str:
    """Say which routes lead to the queue, where they are few enough to be read."""
    if wanted is None or wanted == topology.default_queue:
        return ""
    found = [index for index, one in enumerate(topology.routes) if one.queue == wanted]
    if not found:
        return f"; no route leads to {wanted!r}"
    if len(found) > 3:
        return ""
    listed = []
    for index in found:
        task = topology.routes[index].task
        first = task[0] if isinstance(task, tuple) and task else task
        shown = f"/{first.regex}/" if isinstance(first, Regex) else repr(first)
        more = ", ..." if isinstance(task, tuple) and len(task) > 1 else ""
        listed.append(f"routes[{index}] ({shown}{more})")
    return (
        f"; to {wanted!r} leads {', '.join(listed)}"
        if len(found) == 1
        else (f"; to {wanted!r} lead {', '.join(listed)}")
    )


def way(topology: Topology, routed: Routed, queue: str) -> str:
    """Return how a message goes past a queue, or into it."""
    exchange, key, _ = routed.publish
    if exchange is None:
        return "it is not sent"
    if not exchange:
        return f"it is sent to queue {key!r} alone"
    sent = f"it is sent to {exchange!r} with {key or ''!r}"
    if routed.delay is not None:
        sent = f"it comes out of its delay with {routed.delay.arrives_with!r}"
    return f"{sent}, and {queue!r} is {_bindings(topology, queue)}"


def _bindings(topology: Topology, queue: str) -> str:
    """Return with what a queue is bound; of many bindings the first ones."""
    bindings = topology.wiring.bindings.get(queue, ())
    shown = " and ".join(f"{one.exchange!r} with {one.routing_key!r}" for one in bindings[:3])
    return f"bound to {shown}" + (" and more" if len(bindings) > 3 else "")


def these(names: Iterable[str]) -> str:
    """Return names for a sentence: `'a', 'b' and 'c'`."""
    *most, last = [repr(one) for one in names] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last
