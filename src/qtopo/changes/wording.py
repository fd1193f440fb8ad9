"""How the formats for people name a change: its subject, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.changes.change import BREAKING, CHANGED, RENAMED, Way
from qtopo.changes.report import differing

if TYPE_CHECKING:
    from qtopo.changes.change import Change, TaskChange
    from qtopo.changes.report import Report

_NOTHING = "nothing"


def subject(one: Change) -> str:
    """Return what changes: `queue emails`."""
    if one.kind == "binding":
        return f"binding of {one.name}"
    if one.kind == one.name or one.kind == "setting":
        return one.name
    return f"{one.kind} {one.name}"


def became(one: Change, arrow: str) -> str:
    """Return what became of it: `removed`, or `max_priority: 10 → 5`."""
    if one.what == RENAMED:
        return f"renamed: {one.old} {arrow} {one.new}"
    if one.what != CHANGED:
        if one.kind == "binding":
            return f"{one.what}: {_binding(one.new or one.old)}"
        return one.what
    if one.kind == "binding":
        return f"{_binding(one.old)} {arrow} {_binding(one.new)}"
    if one.key is None and isinstance(one.old, dict) and isinstance(one.new, dict):
        return ", ".join(
            f"{key}: {value(old)} {arrow} {value(new)}"
            for key, old, new in differing(one.old, one.new)
        )
    prefix = "" if one.key is None else f"{one.key}: "
    return f"{prefix}{value(one.old)} {arrow} {value(one.new)}"


def _binding(table: dict[str, Any]) -> str:
    arguments = table.get("arguments")
    more = f" {value(arguments)}" if arguments else ""
    return f"{table['exchange']} {table['routing_key']!r}{more}"


def value(given: Any) -> str:
    """Return a value in short."""
    if given is None:
        return _NOTHING
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return given or "''"
    if isinstance(given, dict):
        return "{" + ", ".join(f"{key}: {value(one)}" for key, one in given.items()) + "}"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(map(value, given)) + "]"
    return str(given)


def moved(one: TaskChange, arrow: str) -> str:
    """Return how a task's way changes, by the first thing that differs."""
    old, new = one.old, one.new
    for before, after in (
        (_queues(old), _queues(new)),
        (_published(old), _published(new)),
        (_priority(old), _priority(new)),
        (f"workers {_list(old.workers)}", f"workers {_list(new.workers)}"),
    ):
        if before != after:
            return f"{before} {arrow} {after}"
    return _queues(new)


def _queues(one: Way) -> str:
    got = _list(one.delivered_to)
    if one.delivered_to in ((one.queue,), ()) and one.queue is not None:
        return one.queue if one.delivered_to else f"{one.queue} (lost)"
    return got


def _priority(one: Way) -> str:
    return "no priority" if one.priority is None else f"priority {one.priority}"


def _published(one: Way) -> str:
    return f"{one.exchange or '(anonymous)'} {one.routing_key!r}"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nobody"


def headline(report: Report, arrow: str) -> str:
    """Return the sentence that comes first."""
    changes, tasks = len(report.diff.changes), len(report.tasks)
    if not changes and not tasks:
        return f"{report.old} {arrow} {report.new}: no change"
    counts = report.diff.counts()
    breaking = sum(counts[effect] for effect in BREAKING)
    parts = [f"{changes} {'change' if changes == 1 else 'changes'}"]
    if tasks:
        parts.append(f"{tasks} {'task goes' if tasks == 1 else 'tasks go'} another way")
    parts.append(f"{breaking} breaking" if breaking else "nothing breaking")
    return f"{report.old} {arrow} {report.new}: {', '.join(parts)}"
