"""Workers, machines and beat: what of them differs, and what that does to messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.changes.change import (
    DUPLICATES,
    HARMLESS,
    RESTART,
    STRANDS,
    Change,
)
from qtopo.changes.sides import consumed, parked
from qtopo.changes.tables import keys, named, written
from qtopo.changes.ways import judge, way
from qtopo.routing.table import table
from qtopo.topology.beat import Beat
from qtopo.topology.publishing import publishing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.changes.change import Way
    from qtopo.changes.sides import Sides

_HARMLESS = {
    "autoscale": "more or fewer tasks run at a time",
    "concurrency": "more or fewer tasks run at a time",
    "description": "nothing that runs depends on it",
    "owner": "nothing that runs depends on it",
    "machine": "it runs elsewhere",
    "replicas": "more or fewer processes run",
}
_AT_START = "a worker reads it when it starts"


def workers(sides: Sides) -> Iterator[Change]:
    """Yield what differs in workers."""

    def added(name: str) -> tuple[str, str]:
        if not sides.new.workers[name].replicas:
            return HARMLESS, "it is switched off"
        return HARMLESS, "one more that consumes; nothing is taken from the others"

    def removed(name: str) -> tuple[str, str]:
        left = _deserted(sides, name)
        if left:
            return STRANDS, _nobody(left)
        kept = [one for one in sides.old.workers[name].queues or () if one in sides.new.queues]
        if not kept:
            return RESTART, "its queues go too: stop it when they are drained"
        return RESTART, "other workers consume its queues: stop it when they run"

    def changed(name: str, key: str, before: Any, after: Any) -> tuple[str, str] | None:
        if key in ("queues", "replicas"):
            left = _deserted(sides, name)
            if left and (key == "queues" or after == 0):
                return STRANDS, _nobody(left)
        if key == "queues" and set(before or ()) == set(after or ()):
            return RESTART, "the order counts where the transport asks the queues in turn"
        if key in _HARMLESS:
            return HARMLESS, _HARMLESS[key]
        return RESTART, _AT_START

    yield from named(
        "worker",
        ("workers",),
        sides.old.workers,
        sides.new.workers,
        added=added,
        removed=removed,
        changed=changed,
    )


def _deserted(sides: Sides, worker: str) -> list[str]:
    """Return the queues that a worker consumed, that still exist, and that nobody consumes now."""
    if sides.forgetful or sides.moved:
        return []
    return [
        name
        for name in dict.fromkeys(sides.old.workers[worker].queues or ())
        if worker in sides.old.wiring.consumers.get(name, ())
        and name in sides.new.queues
        and not sides.after.queues[name].broadcast
        and not consumed(sides.new, name)
        and not parked(sides.new, name)
    ]


def _nobody(names: list[str]) -> str:
    return f"no worker consumes {', '.join(map(repr, names))} any more"


def machines(sides: Sides) -> Iterator[Change]:
    """Yield what differs in machines."""
    fine = HARMLESS, "the broker and Celery know nothing of machines"
    yield from named(
        "machine",
        ("machines",),
        sides.old.machines,
        sides.new.machines,
        added=lambda _: fine,
        removed=lambda _: fine,
        changed=lambda *_: fine,
    )


def beat(sides: Sides) -> Iterator[Change]:
    """Yield what differs in beat itself."""
    old, new = sides.old.beat, sides.new.beat
    if (old is None) != (new is None):
        yield Change(
            RESTART,
            "beat",
            "beat",
            "added" if old is None else "removed",
            None,
            None,
            None,
            "start it when the workers of its tasks run" if old is None else "stop it",
            None if old is None else ("beat",),
            None if new is None else ("beat",),
        )
    if old is None or new is None:
        return
    before, after = written(old), written(new)
    before.pop("schedule", None)
    after.pop("schedule", None)

    def judge_key(key: str, *_: Any) -> tuple[str, str]:
        if key == "scheduler":
            return DUPLICATES, (
                "the two keep apart what they sent: stop the old beat before the new one starts"
            )
        if key == "replicas":
            before, after = old.replicas, new.replicas
            if after > max(1, before) and new.scheduler != "redbeat":
                return DUPLICATES, "each beat sends every task of the schedule"
            return RESTART, "stop beat before another one starts"
        if key == "schedule_file":
            return RESTART, "the new file knows of nothing that was sent: intervals begin anew"
        return RESTART, "beat reads it when it starts"

    yield from keys("beat", "beat", before, after, ("beat",), judge_key)


def schedule(sides: Sides) -> Iterator[Change]:
    """Yield what differs in the schedule."""
    old = (sides.old.beat or Beat()).schedule
    new = (sides.new.beat or Beat()).schedule
    django = (sides.new.beat or Beat()).scheduler == "django"

    def sent(name: str) -> tuple[str, str]:
        ways: list[Way | None] = []
        for topology, entries in ((sides.old, old), (sides.new, new)):
            entry = entries.get(name)
            if entry is None:
                ways.append(None)
                continue
            route = table(topology).find(entry.task).route
            given = publishing(topology, route, queue=entry.queue, routing_key=entry.routing_key)
            ways.append(way(topology, given))
        was, now = ways
        if now is None or (was == now and not sides.moved):
            return RESTART, "beat reads its schedule when it starts"
        effect, why = judge(sides, was, now)
        return (
            (RESTART, "beat reads its schedule when it starts")
            if effect == HARMLESS
            else (
                effect,
                why,
            )
        )

    def removed(name: str) -> tuple[str, str]:
        if django:
            return DUPLICATES, (
                f"the database keeps entry {name!r}, and beat goes on sending it "
                "until it is disabled there"
            )
        return RESTART, "beat sends it until it starts with the new schedule"

    yield from named(
        "schedule",
        ("beat", "schedule"),
        old,
        new,
        added=sent,
        removed=removed,
        changed=lambda name, key, *_: (
            (HARMLESS, "nothing that runs depends on it") if key == "description" else sent(name)
        ),
    )
