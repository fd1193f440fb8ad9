"""The safe order of a change: declare, start consumers, switch producers, unbind, drain, remove.

Declaring only ever adds, so whatever is new can stand beside the old; what is
old may go only when nothing is sent to it and nothing waits in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.changes import commands
from qtopo.changes.change import (
    ADDED,
    CHANGED,
    HARMLESS,
    RENAMED,
    RESTART,
    Step,
)
from qtopo.changes.objects import renames
from qtopo.changes.sides import consumed, fed, parked
from qtopo.topology.units import format_duration
from qtopo.topology.wiring import EXCHANGE, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qtopo.changes.change import Change, TaskChange
    from qtopo.changes.sides import Sides

_BROKER = ("exchange", "queue", "binding")


def rollout(sides: Sides, changes: Sequence[Change], tasks: Sequence[TaskChange]) -> Iterator[Step]:
    """Yield the steps that are needed, in order; none where any order will do."""
    if all(one.effect == HARMLESS for one in changes) and all(
        one.effect == HARMLESS for one in tasks
    ):
        return
    yield from _recreate(sides)
    yield from _declare(sides, changes)
    yield from _consume(sides, changes, tasks)
    yield from _switch(changes, tasks)
    yield from _unbind(sides)
    left = _left(sides)
    yield from _drain(sides, left)
    yield from _remove(sides, left)


def _recreate(sides: Sides) -> Iterator[Step]:
    if not sides.recreated:
        return
    queues = sorted(name for kind, name in sides.recreated if kind == QUEUE)
    exchanges = sorted(name for kind, name in sides.recreated if kind == EXCHANGE)
    what = _things((("queue", queues), ("exchange", exchanges)))
    how = (
        "give the new one another name, and this becomes a change without a pause; or stop what "
        "publishes to it"
    )
    if queues:
        how += ", let the old workers empty the queue"
    text = (
        f"re-create {what}: until then whatever starts with the new file is refused. Either "
        f"{how}, stop the old workers, delete it, and go on at once"
    )
    yield Step(
        "recreate",
        text,
        (
            *commands.delete(sides.old, QUEUE, queues),
            *commands.delete(sides.old, EXCHANGE, exchanges, bound=True),
        ),
    )


def _declare(sides: Sides, changes: Iterable[Change]) -> Iterator[Step]:
    groups: dict[str, list[str]] = {kind: [] for kind in _BROKER}
    for one in changes:
        new = one.what in (ADDED, RENAMED) or (one.kind == "binding" and one.what == CHANGED)
        if one.kind in groups and new and one.name not in groups[one.kind]:
            groups[one.kind].append(one.name)
    if sides.elsewhere:
        groups = {"queue": list(sides.new.queues), "exchange": [], "binding": []}
    what = _things(
        (
            ("exchange", groups["exchange"]),
            ("queue", groups["queue"]),
            ("binding of", groups["binding"]),
        )
    )
    if not what:
        return
    text = f"declare {what}: the first worker with the new file does so when it starts"
    if groups["binding"] and sides.lasting:
        text += (
            ". What an old and a new binding take to two queues runs in both from now on: "
            "unbind the old one at once, or pause the producers"
        )
    yield Step("declare", text)


def _consume(
    sides: Sides, changes: Iterable[Change], tasks: Iterable[TaskChange]
) -> Iterator[Step]:
    queues = [one.name for one in changes if one.kind == "queue" and one.what in (ADDED, RENAMED)]
    queues += [name for one in tasks for name in one.new.delivered_to]
    if sides.elsewhere:
        queues += sides.new.queues
    first = [
        name
        for name in dict.fromkeys(queues)
        if consumed(sides.new, name) and (sides.elsewhere or not consumed(sides.old, name))
    ]
    workers = list(
        dict.fromkeys(worker for name in first for worker in sides.new.wiring.consumers[name])
    )
    all_at_once = [one for one in changes if _for_all(one)]
    if all_at_once:
        keys = list(dict.fromkeys(_label(one) for one in all_at_once))
        what = _series(keys) if len(keys) < 6 else f"{len(keys)} settings"
        text = f"restart all workers with the new file, for {what}"
        if first:
            text += f"; somebody must consume {_things((('queue', first),))} before the next step"
        yield Step("consume", text, tuple(commands.start(sides.new, workers)))
    elif first:
        text = (
            f"start {_things((('worker', workers),))} with the new file, so that somebody "
            f"consumes {_things((('queue', first),))} before anything is sent there"
        )
        yield Step("consume", text, tuple(commands.start(sides.new, workers)))
    touched = [
        one.name
        for one in changes
        if one.kind == "worker"
        and one.effect == RESTART
        and one.name in sides.new.workers
        and one.name not in workers
    ]
    if touched and not all_at_once:
        names = list(dict.fromkeys(touched))
        text = f"restart {_things((('worker', names),))} with the new file"
        yield Step("restart", text, tuple(commands.start(sides.new, names)))


def _for_all(one: Change) -> bool:
    """Whether a change is one of the settings that every worker has."""
    if one.effect == HARMLESS:
        return False
    if one.kind == "broker":
        return one.key not in ("url", "transport")
    return one.kind in ("setting", "task", "results") or (one.kind, one.key) == ("app", "celery")


def _label(one: Change) -> str:
    if one.kind == "task":
        return f"{one.key} of {one.name!r}"
    if one.kind == "results":
        return "the result backend"
    return repr(one.key or one.name)


def _switch(changes: Iterable[Change], tasks: Sequence[TaskChange]) -> Iterator[Step]:
    kinds = ("route", "setting", "defaults", "broker", "results", "app")
    publishing = [one for one in changes if one.kind in kinds and one.effect != HARMLESS]
    beat = [one for one in changes if one.kind in ("beat", "schedule") and one.effect != HARMLESS]
    if tasks or publishing:
        moved = [one.task for one in tasks if one.old != one.new]
        what = f" of {_series([repr(name) for name in moved[:3]])}" if moved else ""
        if len(moved) > 3:
            what = f" of {len(moved)} tasks that change their way"
        text = f"switch the producers{what} to the new file"
        yield Step("switch", f"{text}; workers that send tasks are producers too")
    if beat:
        yield Step("switch", "stop the old beat, then start beat with the new file")


def _unbind(sides: Sides) -> Iterator[Step]:
    """Yield what takes away bindings whose queue or exchange stays."""
    stale = [one for one in (*sides.stale, *sides.reread) if _receives(sides, one.kind, one.name)]
    if stale:
        what = _series([f"{one.name!r} from {one.source!r} ({one.key!r})" for one in stale[:5]])
        if len(stale) > 5:
            what = f"{len(stale)} old bindings"
        yield Step(
            "unbind",
            f"unbind {what}: nothing else takes an old binding away",
            tuple(commands.unbind(sides.old, stale)),
        )


def _receives(sides: Sides, kind: str, name: str) -> bool:
    return name in (sides.after.queues if kind == QUEUE else sides.after.exchanges)


def _left(sides: Sides) -> list[str]:
    """Return the queues that may hold messages nobody with the new file consumes."""
    if sides.forgetful:
        return []
    found = []
    for name, queue in sides.before.queues.items():
        if queue.broadcast or (parked(sides.old, name) and name in sides.after.queues):
            continue
        if (
            sides.moved
            or name not in sides.after.queues
            or (
                consumed(sides.old, name)
                and not consumed(sides.new, name)
                and not parked(sides.new, name)
            )
        ):
            found.append(name)
    return found


def _drain(sides: Sides, left: list[str]) -> Iterator[Step]:
    if not left:
        return
    workers = dict.fromkeys(
        worker for name in left for worker in sides.old.wiring.consumers.get(name, ())
    )
    text = f"drain {_things((('queue', left),))}: leave the old workers running until nothing waits"
    longest = max((task.max_delay or 0.0 for task in sides.old.tasks.values()), default=0.0)
    if longest:
        text += (
            f"; countdowns, ETAs and retries wait in workers for up to {format_duration(longest)}"
        )
    else:
        text += "; countdowns, ETAs and retries wait in workers, unseen by the broker"
    yield Step(
        "drain",
        text,
        (*commands.start(sides.old, workers), *commands.waiting(sides.old, left)),
    )


def _remove(sides: Sides, left: list[str]) -> Iterator[Step]:
    if not sides.lasting and not sides.moved:
        return
    names = renames(sides)
    gone = [name for name in left if name not in sides.after.queues or name in names]
    ties = [one for one in sides.stale if one.kind == QUEUE and one.name in gone]
    exchanges = [
        name
        for name in sides.before.exchanges
        if sides.native
        and not sides.moved
        and name not in sides.after.exchanges
        and name not in fed(sides.new)
    ]
    if sides.elsewhere:
        other = "" if sides.moved else ", if it is another one"
        yield Step("remove", f"stop the old workers, then give the old broker up{other}")
        return
    what = _things((("queue", gone), ("exchange", exchanges)))
    if not what:
        return
    # RabbitMQ takes the bindings away with the queue.
    lines = [] if sides.native else commands.unbind(sides.old, ties)
    lines += commands.delete(sides.old, QUEUE, gone)
    lines += commands.delete(sides.old, EXCHANGE, exchanges)
    how = "they are not deleted while used or not empty" if sides.native else "with its bindings"
    stop = "stop the old workers, then " if gone else ""
    yield Step("remove", f"{stop}remove {what}: {how}", tuple(lines))


def _things(groups: Iterable[tuple[str, list[str]]]) -> str:
    """Return `queues 'a' and 'b', exchange 'c'`; a long list as its number."""
    found = []
    for noun, names in groups:
        if len(names) > 5:
            found.append(f"{len(names)} {_plural(noun)}")
        elif names:
            word = noun if len(names) == 1 else _plural(noun)
            found.append(f"{word} {_series([repr(name) for name in names])}")
    return ", ".join(found)


def _plural(noun: str) -> str:
    return "bindings of" if noun == "binding of" else f"{noun}s"


def _series(items: list[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
