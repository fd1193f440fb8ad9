"""The way of one task as text: a line a step, each with where it comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.cli.table import visible, width
from qtopo.cli.ways.places import Places
from qtopo.routing.call import ANNOTATION, CALL, CELERY, DECORATOR, QUEUE, ROUTE, SETTING
from qtopo.topology.model import describe
from qtopo.topology.routes import Regex
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtopo.routing.call import Call
    from qtopo.routing.delivered import Match
    from qtopo.routing.route import Routed
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

SOURCES = {
    CALL: "from the call",
    ANNOTATION: "from task_annotations",
    DECORATOR: "from the decorator",
    ROUTE: "from the route",
    QUEUE: "from the queue",
    SETTING: "from the settings",
    CELERY: "as Celery does by itself",
}
MODES = {1: "transient", 2: "persistent"}
_BITS = re.compile(r"^(?:[01]\.){28}")
_MANY = 8
"""So many bindings are listed; of more their number is said."""


class Line(NamedTuple):
    """One line: what it is about, what it says, where that comes from, and its place."""

    label: str
    text: str
    origin: str = ""
    path: Path | None = None


def draw(
    topology: Topology,
    routed: list[Routed],
    call: Call | None,
    *,
    explain: bool,
    paint: Callable[[str, str], str],
) -> str:
    """Return the ways of some tasks, a paragraph each."""
    drawn = [list(lines(topology, one, call, explain=explain)) for one in routed]
    places = Places(topology, (line.path for each in drawn for line in each if line.path))
    return "\n\n".join(
        "\n".join([paint(visible(one.task), "strong"), *_aligned(each, places, paint)])
        for one, each in zip(routed, drawn, strict=True)
    )


def _aligned(lines: list[Line], places: Places, paint: Callable[[str, str], str]) -> Iterator[str]:
    label_width = max(len(line.label) for line in lines)
    texts = [visible(line.text) for line in lines]
    most = max(
        (width(text) for text, line in zip(texts, lines, strict=True) if _noted(line)), default=0
    )
    most = min(most, 56)
    for line, text in zip(lines, texts, strict=True):
        note = ", ".join(one for one in (line.origin, visible(places.text(line.path))) if one)
        padding = " " * max(0, most - width(text))
        tail = f"{padding}  {paint(note, 'frame')}" if note else ""
        yield f"  {line.label:<{label_width}} {text}{tail}".rstrip()


def _noted(line: Line) -> bool:
    return bool(line.origin or line.path)


def lines(
    topology: Topology,
    one: Routed,
    call: Call | None,
    *,
    explain: bool,
    bindings: bool = True,
) -> Iterator[Line]:
    """Yield what is said of the way of one task, in the order of the message.

    With `explain` also what was considered and lost; without `bindings` not those
    that do not take it.
    """
    if one.only_if is not None:
        yield Line("only if", one.only_if)
    if call is not None:
        yield Line("sent with", _call(call))
    yield Line("decided by", *_decided(topology, one))
    if one.refused is not None or one.publish.exchange is None:
        yield from _refused(one)
    else:
        yield from _published(topology, one, call)
    if explain:
        yield from _lost(topology, one)
        if bindings:
            yield from _other_bindings(topology, one)
        yield from _switched_off(topology, one)


def _call(call: Call) -> str:
    parts = [f"{key}={value!r}" for key, value in call.options.items()]
    text = ", ".join(parts) or "no options"
    if call.decorator:
        text += "; decorator " + ", ".join(f"{k}={v!r}" for k, v in call.decorator.items())
    elif call.registered:
        text += "; the task is registered"
    return text


def _decided(topology: Topology, one: Routed) -> tuple[str, str, Path | None]:
    kind, path = one.decided_by
    if kind == "default":
        return "the default queue: no route matches", "", path if topology.defaults.queue else None
    if kind == "task":
        return f"[{describe(path)}]", "", (*path, "queue")
    if kind != "route":
        return {CALL: "the call", DECORATOR: "the task's decorator"}.get(kind, kind), "", None
    return f"{describe(path)} ({_pattern(topology, path)})", "", (*path, "task")


def _pattern(topology: Topology, path: Path) -> str:
    task = topology.routes[int(path[1])].task
    if isinstance(task, Regex):
        return f"/{task.regex}/"
    return ", ".join(task) if isinstance(task, tuple) else task


def _refused(one: Routed) -> Iterator[Line]:
    if one.queue is not None:
        yield Line("queue", one.queue, *_taken(one, "queue"))
    if one.refused is None:
        yield Line("refused", "the queue is not declared: Celery raises QueueNotFound")
    else:
        yield Line("refused", f"{one.refused.error}: {one.refused.message}")


def _published(topology: Topology, one: Routed, call: Call | None) -> Iterator[Line]:
    if one.queue is not None:
        yield Line("queue", one.queue, *_taken(one, "queue"))
    sent = one.publish
    exchange = sent.exchange or "the anonymous exchange"
    extras = "" if sent.priority is None else f", priority {sent.priority}"
    if one.delivery_mode == 1:
        extras += ", transient"
    if one.headers:
        extras += f", headers {_headers(one.headers)}"
    key = "routing_key" if sent.exchange else "exchange"
    text = f"{exchange}, key {_key(sent.routing_key)}{extras}"
    yield Line("published to", text, *_taken(one, key))
    if sent.priority is not None:
        text = f"{one.priority} of 9" if one.priority is not None else "no effect on this queue"
        yield Line("priority", text, *_taken(one, "priority"))
    if one.delay is not None:
        waits = f"{format_duration(one.delay.seconds)} at the broker"
        yield Line("waits", f"{waits}, then comes out with key {_key(one.delay.arrives_with)}")
    yield from _bindings(topology, one)
    yield Line("delivered to", ", ".join(one.delivered_to) or "nowhere: no binding takes it")
    countdown = None if call is None else call.options.get("countdown")
    if countdown and one.delay is None:
        # Not at the broker: the worker fetches it at once.
        waits = format_duration(countdown)
        yield Line("waits", f"{waits} in the worker that takes it, in a slot of its prefetch")
    yield Line("consumed by", _workers(topology, one))


def _key(key: str | None) -> str:
    """Return a key as it is shown: the bits that make a message wait say little."""
    return repr(_BITS.sub("<28 bits>.", key or ""))


def _headers(headers: Any) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in headers.items())


def _taken(one: Routed, key: str) -> tuple[str, Path | None]:
    """Return where a value comes from, and its place."""
    for taken in one.taken:
        if taken.key == key:
            path = taken.path
            if path is not None and path[0] in ("routes", "tasks"):
                # A key that is not there is its table's.
                path = (*path, key)
            return SOURCES.get(taken.source, taken.source), path
    return "", None


def _bindings(topology: Topology, one: Routed) -> Iterator[Line]:
    """Show the bindings that took the message; the anonymous exchange has none."""
    for step in one.steps:
        if not step.exchange:
            continue
        for match in step.matches[:_MANY]:
            path = _binding_path(topology, match)
            # Nothing in the file: workers add these where a quorum queue is.
            added = "" if path else "added by Celery for delays"
            yield Line("matched by", _match(match), added, path)
        if len(step.matches) > _MANY:
            yield Line("", f"and {len(step.matches) - _MANY} more bindings of {step.exchange}")
        if step.chooses:
            yield Line("", f"the {step.type} exchange {step.exchange} chooses among these")
        if step.alternate is not None:
            text = f"no binding of {step.exchange}: its alternate {step.alternate} gets it"
            yield Line("matched by", text, "", ("exchanges", step.exchange, "alternate"))


def _match(match: Match) -> str:
    with_ = f"{match.routing_key!r}"
    if match.arguments:
        with_ = _headers(match.arguments)
    to = match.name if match.kind == "queue" else f"exchange {match.name}"
    return f"{with_} of {match.exchange}, to {to}"


def _binding_path(topology: Topology, match: Match) -> Path | None:
    """Return where the file says that something is bound so; None where it does not."""
    declared = getattr(topology, "queues" if match.kind == "queue" else "exchanges").get(match.name)
    if declared is None:
        return None
    home = ("queues" if match.kind == "queue" else "exchanges", match.name)
    for index, binding in enumerate(declared.bindings):
        if (binding.exchange, binding.routing_key) == (match.exchange, match.routing_key):
            return (*home, "bindings", index)
    bound = topology.wiring.bound.get(match.exchange, ())
    if declared.bindings or all(
        (one.name, one.binding.routing_key) != (match.name, match.routing_key) for one in bound
    ):
        return None
    given = ("binding_arguments", "routing_key", "exchange")
    key = next((key for key in given if getattr(declared, key, None)), None)
    return home if key is None else (*home, key)


def _workers(topology: Topology, one: Routed) -> str:
    if not one.workers:
        return "nobody"
    found = []
    for name in one.workers:
        worker = topology.workers[name]
        each = "one per core" if worker.capacity is None else str(worker.capacity)
        replicas = f", {worker.replicas} replicas" if worker.replicas > 1 else ""
        found.append(f"{name} ({worker.pool}, concurrency {each}{replicas})")
    return ", ".join(found)


def _lost(topology: Topology, one: Routed) -> Iterator[Line]:
    """Show what was considered and did not count, and why."""
    label = "lost"
    for considered in one.considered:
        if considered.decided and one.decided_by.path == considered.path:
            continue
        text, why, path = _considered(topology, one, considered.path, considered.kind)
        yield Line(label, f"{text}: {why}", "", path)
    for lost in one.lost:
        if lost.key == "queue" and lost.value in one.delivered_to:
            # Celery forgets the queue for the exchange that leads to it all the same.
            continue
        origin = SOURCES.get(lost.source, lost.source)
        yield Line(label, f"{lost.key} {lost.value!r} {origin}: {lost.why}", "", lost.path)


def _other_bindings(topology: Topology, one: Routed) -> Iterator[Line]:
    for step in one.steps:
        yield from _not_taken(
            topology, one, step.exchange, {(m.kind, m.name, m.routing_key) for m in step.matches}
        )


def _switched_off(topology: Topology, one: Routed) -> Iterator[Line]:
    for name, worker in topology.workers.items():
        shared = [queue for queue in worker.queues if queue in one.delivered_to]
        if shared and name not in one.workers:
            text = f"worker {name} consumes {', '.join(shared)}, but is switched off"
            yield Line("lost", text, "", ("workers", name, "replicas"))


def _considered(
    topology: Topology, one: Routed, path: Path, kind: str
) -> tuple[str, str, Path | None]:
    winner = describe(one.decided_by.path)
    if kind == "default":
        text = f"the default queue {topology.default_queue}"
        where: Path | None = ("defaults", "queue") if topology.defaults.queue else None
    elif kind == "task":
        text, where = f"[{describe(path)}]", (*path, "queue")
    else:
        text, where = f"{describe(path)} ({_pattern(topology, path)})", (*path, "task")
    if one.decided_by.kind in (CALL, DECORATOR, ANNOTATION):
        return text, f"the {one.decided_by.kind} names the queue", where
    if kind == "default":
        return text, f"{winner} matches", where
    first = next((c for c in one.considered if c.decided), None)
    exact = first is not None and first.pattern == one.task
    return text, f"{winner} is its exact name" if exact else f"{winner} comes first", where


def _not_taken(
    topology: Topology, one: Routed, exchange: str, took: set[tuple[str, str, str]]
) -> Iterator[Line]:
    bound = [
        each
        for each in topology.wiring.bound.get(exchange, ())
        if (each.kind, each.name, each.binding.routing_key) not in took
    ]
    for each in bound[:_MANY]:
        from qtopo.routing.delivered import match

        seen = match(each)
        text = f"binding {_match(seen)}: does not take {(one.publish.routing_key or '')!r}"
        yield Line("lost", text, "", _binding_path(topology, seen))
    if len(bound) > _MANY:
        yield Line("", f"and {len(bound) - _MANY} more bindings of {exchange}")
