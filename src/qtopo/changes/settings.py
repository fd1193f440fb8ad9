"""What belongs to the whole deployment: broker, results, defaults, settings, tasks, workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.changes.change import (
    ADDED,
    CHANGED,
    DUPLICATES,
    HARMLESS,
    REMOVED,
    RESTART,
    STRANDS,
    WORKERS_FIRST,
    Change,
)
from qtopo.changes.tables import WHY, facts, keys, named, written
from qtopo.changes.ways import default
from qtopo.compiler.options import DURATIONS
from qtopo.compiler.queues import has_quorum
from qtopo.topology.priority import STEPS, used
from qtopo.topology.raw import thaw
from qtopo.topology.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.changes.sides import Sides
    from qtopo.topology.tasks import Task
    from qtopo.topology.topology import Topology

Verdict = tuple[str, str]

_NAMING = (
    "sep",
    "global_keyprefix",
    "queue_name_prefix",
    "keyprefix_queue",
    "fanout_prefix",
    "fanout_patterns",
    "unacked_key",
    "unacked_index_key",
    "predefined_queues",
    "region",
    "queue_prefix",
    "master_name",
    "stored_as",
)
"""Options that say under which names, or where, the messages lie."""

_VISIBILITY = {"redis": 3600.0, "sqs": 1800.0}
"""How long a message stays hidden where nothing is said, in seconds (kombu 5.7)."""

_REDIS_STEPS = [0, 3, 6, 9]
"""kombu's own, where no route has a priority."""


def app(sides: Sides) -> Iterator[Change]:
    """Yield what differs in `[app]`."""
    classes = {"name": HARMLESS, "description": HARMLESS, "celery": RESTART}
    yield from facts("app", "app", sides.old.app, sides.new.app, ("app",), classes)


def _another(old: str | None, new: str | None) -> str:
    """Return what to say of another URL: what a variable holds is not in the file."""
    if any(one is not None and one.startswith("env:") for one in (old, new)):
        return (
            "if the variable holds the URL of another broker, what waits on the old one stays "
            "there; if only its name is new, nothing is stranded"
        )
    return "if that is another broker, what waits on the old one stays there"


def broker(sides: Sides) -> Iterator[Change]:
    """Yield what differs in the broker, its options and what they make of priorities."""
    old, new = sides.old.broker, sides.new.broker
    before, after = written(old), written(new)
    for table in (before, after):
        table.setdefault("transport", "rabbitmq")
        table.pop("options", None)

    def judge(key: str, *_: Any) -> Verdict:
        if key == "transport":
            if sides.forgetful:
                return WORKERS_FIRST, "the new broker needs workers before anything is sent to it"
            if sides.moved:
                return STRANDS, "what waits on the old broker is consumed by nobody"
            return RESTART, "the same broker, reached in another way"
        if key == "url":
            return STRANDS, _another(old.url, new.url)
        return HARMLESS, "it only tells qtopo what the broker can do"

    yield from keys("broker", "broker", before, after, ("broker",), judge)
    if sides.moved:
        return
    yield from keys(
        "broker",
        "options",
        thaw(old.options),
        thaw(new.options),
        ("broker", "options"),
        lambda key, was, now: _option(sides, key, was, now),
    )
    yield from _steps(sides)
    yield from _native_delay(sides)


def _option(sides: Sides, key: str, was: Any, now: Any) -> Verdict | None:
    if key == "priority_steps" and sides.new.broker.kind.priorities == "inverted":
        return None  # told by what comes of it
    if key in _NAMING:
        return STRANDS, "messages lie under other names: what waits under the old ones stays there"
    if key == "visibility_timeout":
        return _visibility(sides, was, now)
    same = key in DURATIONS and _seconds(was) == _seconds(now) is not None
    return (HARMLESS, "the same time") if same else (RESTART, "each connection reads it once")


def _visibility(sides: Sides, was: Any, now: Any) -> Verdict:
    usual = _VISIBILITY.get(sides.new.broker.kind.name)
    before, after = (usual if one is None else _seconds(one) for one in (was, now))
    if before is None or after is None or after >= before:
        return RESTART, "the smaller of the two holds until every worker has the new one"
    longest = max((_longest(task) for task in sides.new.tasks.values()), default=0.0)
    if not sides.new.tasks or longest >= after:
        return DUPLICATES, (
            "what runs or waits in a worker for longer than that is delivered once more"
        )
    return RESTART, "it is shorter, and still longer than any task that is known"


def _longest(task: Task) -> float:
    """Return how long a message of a task may stay with a worker, in seconds."""
    duration = 0.0 if task.duration is None else task.duration.p99 or task.duration.mean
    return max(duration, task.time_limit or 0.0) + (task.max_delay or 0.0)


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _steps(sides: Sides) -> Iterator[Change]:
    """Yield a change of the lists that Redis keeps for each queue."""
    if sides.new.broker.kind.priorities != "inverted":
        return
    before, after = (_step_list(one) for one in (sides.old, sides.new))
    if before == after:
        return
    if set(before) - set(after):
        effect = STRANDS
        why = "workers no longer read the lists of the old steps: what waits in them stays there"
    else:
        effect = WORKERS_FIRST
        why = "the old workers do not read the lists of the new steps"
    path = ("broker", "options", "priority_steps")
    yield Change(
        effect, "broker", "options", CHANGED, "priority_steps", before, after, why, path, path
    )


def _step_list(topology: Topology) -> list[Any]:
    given = topology.broker.options.get("priority_steps")
    if isinstance(given, tuple) and all(type(one) is int for one in given):
        return list(given)
    return list(STEPS) if used(topology) else _REDIS_STEPS


def _native_delay(sides: Sides) -> Iterator[Change]:
    """Yield that quorum queues come or go: they change how Celery delays, for all queues."""
    before, after = has_quorum(sides.old), has_quorum(sides.new)
    if not sides.native or before == after:
        return
    if after:
        effect = WORKERS_FIRST
        why = (
            "a quorum queue turns on delayed delivery by the broker, for all queues: what is sent "
            "with a countdown is lost until a worker has declared its exchanges"
        )
    else:
        effect = RESTART
        why = "what is delayed comes out of the broker as it did; stop no queue it is bound to yet"
    path = ("queues",)
    yield Change(
        effect, "broker", "native delayed delivery", CHANGED, None, before, after, why, path, path
    )


def results(sides: Sides) -> Iterator[Change]:
    """Yield what differs in the result backend."""
    old, new = sides.old.results, sides.new.results
    if old is None or new is None:
        if old is not new:
            gone = new is None
            yield Change(
                STRANDS if gone else RESTART,
                "results",
                "results",
                REMOVED if gone else ADDED,
                None,
                written(old) or None,
                written(new) or None,
                "callers that wait, and chords on their way, get no result"
                if gone
                else "processes take it when they start",
                ("results",) if gone else None,
                None if gone else ("results",),
            )
        return

    def judge(key: str, *_: Any) -> Verdict:
        if key == "expires":
            return RESTART, "it holds for results that are stored from then on"
        return STRANDS, "if that is another backend, chords on their way never get complete"

    yield from keys("results", "results", written(old), written(new), ("results",), judge)


def defaults(sides: Sides) -> Iterator[Change]:
    """Yield what differs in `[defaults]`."""

    def judge(key: str, *_: Any) -> Verdict | None:
        if key == "queue":
            return None
        return RESTART, WHY[RESTART]

    old, new = sides.old, sides.new
    if old.default_queue != new.default_queue:
        effect, why = default(sides)
        path = ("defaults", "queue")
        yield Change(
            effect,
            "defaults",
            "defaults",
            CHANGED,
            "queue",
            old.default_queue,
            new.default_queue,
            f"for every task that no route takes: {why}",
            path,
            path,
        )
    tables = written(old.defaults), written(new.defaults)
    yield from keys("defaults", "defaults", *tables, ("defaults",), judge)


def settings(sides: Sides) -> Iterator[Change]:
    """Yield what differs in `[settings]`."""
    old, new = thaw(sides.old.settings), thaw(sides.new.settings)
    for change in keys("setting", "", old, new, ("settings",), _setting):
        yield change._replace(name=change.key or "", key=None)


def _setting(key: str, was: Any, now: Any) -> Verdict:
    if key in ("task_serializer", "task_compression", "task_protocol", "accept_content"):
        if key == "accept_content":
            missing = isinstance(was, list) and isinstance(now, list) and not set(was) <= set(now)
            if missing or (was is None and now is not None):
                return STRANDS, "messages that wait in another form are refused"
        return WORKERS_FIRST, "the old workers have to understand what the new producers send"
    if key in ("task_acks_late", "task_reject_on_worker_lost") and now is True:
        return DUPLICATES, "a task whose worker is lost runs again"
    return RESTART, "processes read it when they start"


_ANNOTATED = (
    "rate_limit",
    "time_limit",
    "soft_time_limit",
    "acks_late",
    "max_retries",
    "ignore_result",
)


def tasks(sides: Sides) -> Iterator[Change]:
    """Yield what differs in what is known of tasks; where they go is told elsewhere."""

    def changed(name: str, key: str, _: Any, now: Any) -> Verdict:
        if key == "acks_late" and now is True and not sides.new.tasks[name].idempotent:
            return DUPLICATES, "it runs again when its worker is lost, and is not idempotent"
        if key in _ANNOTATED:
            return RESTART, "workers read it when they start"
        if key == "queue":
            return HARMLESS, "see the ways of the tasks"
        return HARMLESS, WHY[HARMLESS]

    fine = HARMLESS, WHY[HARMLESS]
    yield from named(
        "task",
        ("tasks",),
        sides.old.tasks,
        sides.new.tasks,
        added=lambda _: fine,
        removed=lambda _: fine,
        changed=changed,
    )


def others(sides: Sides) -> Iterator[Change]:
    """Yield what differs in workflows and resources."""
    fine = HARMLESS, WHY[HARMLESS]
    canvas = HARMLESS, "the code that sends it decides what runs"
    for kind, section, verdict in (
        ("workflow", "workflows", canvas),
        ("resource", "resources", fine),
    ):
        yield from named(
            kind,
            (section,),
            getattr(sides.old, section),
            getattr(sides.new, section),
            added=lambda _, verdict=verdict: verdict,  # type: ignore[misc]
            removed=lambda _, verdict=verdict: verdict,  # type: ignore[misc]
            changed=lambda *_, verdict=verdict: verdict,
        )
