"""Exchanges, queues and bindings: what of them differs, and what the broker makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.changes.change import (
    ADDED,
    CHANGED,
    DUPLICATES,
    HARMLESS,
    RECREATE,
    REMOVED,
    RENAMED,
    RESTART,
    STRANDS,
    WORKERS_FIRST,
    Change,
)
from qtopo.changes.fields import exchange_fields, queue_fields
from qtopo.changes.sides import consumed, fed, parked, reached
from qtopo.changes.tables import facts, written
from qtopo.topology.wiring import EXCHANGE, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.changes.declared import Tie
    from qtopo.changes.fields import Field
    from qtopo.changes.sides import Sides
    from qtopo.topology.finding import Path

_ABOUT_EXCHANGES = {"description": HARMLESS, "owner": HARMLESS}
_ABOUT_QUEUES = {
    "consumer_arguments": RESTART,
    "description": HARMLESS,
    "owner": HARMLESS,
    "parking": HARMLESS,
    "slo": HARMLESS,
}
_AFRESH = "the new broker starts empty: everything is declared there for the first time"


def exchanges(sides: Sides) -> Iterator[Change]:
    """Yield what differs in exchanges; those that a queue brings along go with their queue."""
    old, new = sides.before.exchanges, sides.after.exchanges
    for name in dict.fromkeys((*old, *new)):
        path: Path = ("exchanges", name)
        if name not in new:
            if name in sides.old.exchanges or name in sides.new.queues:
                yield Change(
                    HARMLESS,
                    EXCHANGE,
                    name,
                    REMOVED,
                    None,
                    old[name].type,
                    None,
                    _exchange_gone(sides, name),
                    path,
                    None,
                )
        elif name not in old:
            if name in sides.new.exchanges or name in sides.old.queues:
                why = _AFRESH if sides.moved else "declaring adds it, and changes nothing else"
                yield Change(
                    HARMLESS, EXCHANGE, name, ADDED, None, None, new[name].type, why, None, path
                )
        else:
            for one in exchange_fields(name, old[name], new[name]):
                effect, why = _exchange_field(sides, one)
                yield _changed(EXCHANGE, name, one, effect, why)
            yield from facts(
                EXCHANGE,
                name,
                sides.old.exchanges.get(name),
                sides.new.exchanges.get(name),
                path,
                _ABOUT_EXCHANGES,
            )


def _exchange_gone(sides: Sides, name: str) -> str:
    if sides.moved or not sides.lasting:
        return "nothing is published to it any more"
    if name in fed(sides.new):
        return "something still names it; it stays on the broker until somebody deletes it"
    return "it stays on the broker until somebody deletes it; nothing new is published to it"


def _exchange_field(sides: Sides, one: Field) -> tuple[str, str]:
    if sides.moved:
        return HARMLESS, _AFRESH
    if not sides.native:
        if one.key != "type":
            return HARMLESS, f"{sides.broker} takes no notice of it"
        if "fanout" in (one.old, one.new) and sides.new.broker.kind.name == "redis":
            return STRANDS, (
                "Redis keeps the messages of a fanout exchange in no list: what waits in the "
                "old form is not read in the new one"
            )
        return DUPLICATES, (
            "the bindings that were made for the old type stay in the broker's table, where "
            "another type takes them for patterns that match anything"
        ) if sides.lasting else (RESTART, "each process matches keys by itself")[1]
    if one.stays:
        return RECREATE, _refused(one)
    return HARMLESS, "RabbitMQ accepts it and keeps the exchange as it is"


def _refused(one: Field) -> str:
    if one.key == "exclusive":
        return "RabbitMQ answers 405 RESOURCE_LOCKED to who declares it otherwise"
    return "RabbitMQ answers 406 PRECONDITION_FAILED to who declares it otherwise"


def queues(sides: Sides) -> Iterator[Change]:
    """Yield what differs in queues, their bindings left aside."""
    old, new = sides.before.queues, sides.after.queues
    renamed = renames(sides)
    news = set(renamed.values())
    for name in dict.fromkeys((*old, *new)):
        path: Path = ("queues", name)
        if name in renamed:
            yield _renamed(sides, name, renamed[name])
        elif name not in new:
            effect, why = _queue_gone(sides, name)
            table = written(sides.old.queues[name])
            yield Change(effect, QUEUE, name, REMOVED, None, table, None, why, path, None)
        elif name not in old:
            if name not in news:
                effect, why = _queue_new(sides, name)
                table = written(sides.new.queues[name])
                yield Change(effect, QUEUE, name, ADDED, None, None, table, why, None, path)
        else:
            yield from _queue_changed(sides, name)


def _queue_changed(sides: Sides, name: str) -> Iterator[Change]:
    old, new = sides.before.queues[name], sides.after.queues[name]
    path: Path = ("queues", name)
    before, after = sides.old.queues[name], sides.new.queues[name]
    if before.broadcast != after.broadcast:
        effect, why = _broadcast(sides, name, now=after.broadcast)
        place = (*path, "broadcast")
        yield Change(
            effect,
            QUEUE,
            name,
            CHANGED,
            "broadcast",
            before.broadcast,
            after.broadcast,
            why,
            place,
            place,
        )
    for one in queue_fields(name, old, new, sides.new):
        effect, why = _queue_field(sides, name, one)
        yield _changed(QUEUE, name, one, effect, why)
    yield from facts(QUEUE, name, before, after, path, _ABOUT_QUEUES)


def _broadcast(sides: Sides, name: str, *, now: bool) -> tuple[str, str]:
    if sides.moved:
        return HARMLESS, _AFRESH
    if now:
        return STRANDS, (
            f"workers get queues of their own: what waits in {name!r} is consumed by nobody"
        )
    return WORKERS_FIRST, "one queue takes the place of each worker's own: it has to exist first"


def _queue_field(sides: Sides, name: str, one: Field) -> tuple[str, str]:
    if sides.moved:
        return HARMLESS, _AFRESH
    if sides.before.queues[name].broadcast or sides.after.queues[name].broadcast:
        return RESTART, "each worker declares a queue of its own when it starts"
    if sides.native:
        if one.stays:
            return RECREATE, _refused(one)
        return HARMLESS, "RabbitMQ accepts it and keeps the queue as it is"
    effective = sides.new.broker.kind.arguments
    if one.wire is not None and effective is not None and one.wire in effective:
        return RESTART, f"{sides.broker} takes it from whoever declares the queue last"
    if one.key in ("auto_delete", "exclusive"):
        return RESTART, "each worker deletes such queues by itself when it stops"
    return HARMLESS, f"{sides.broker} takes no notice of it"


def _queue_gone(sides: Sides, name: str) -> tuple[str, str]:
    if sides.moved:
        return HARMLESS, "it stays on the old broker"
    if sides.before.queues[name].broadcast:
        return HARMLESS, "each worker's own queue goes with the worker"
    if sides.forgetful:
        return HARMLESS, "the queues of this transport end with their process"
    if sides.before.queues[name].auto_delete:
        return STRANDS, "it goes with its last consumer, and what waits in it goes too"
    text = "it stays on the broker with what waits in it, and nobody consumes it"
    if name in sides.filled:
        text += "; its old bindings go on filling it"
    return STRANDS, text


def _queue_new(sides: Sides, name: str) -> tuple[str, str]:
    if name not in reached(sides.new):
        return HARMLESS, "nothing that is published goes there"
    if consumed(sides.new, name):
        return WORKERS_FIRST, "no worker of the old file consumes it"
    if parked(sides.new, name):
        return HARMLESS, "messages wait there for a person"
    return STRANDS, "messages are published to it, and no worker consumes it"


def _renamed(sides: Sides, old: str, new: str) -> Change:
    if sides.moved:
        effect, why = HARMLESS, _AFRESH
    elif sides.before.queues[old].broadcast or sides.forgetful:
        effect, why = HARMLESS, "each process makes its own"
    else:
        effect = STRANDS
        why = (
            f"no broker renames a queue: {old!r} stays with what waits in it and with its "
            f"bindings, and nobody consumes it; {new!r} is another queue"
        )
    paths: tuple[Path, Path] = ("queues", old), ("queues", new)
    return Change(effect, QUEUE, new, RENAMED, None, old, new, why, *paths)


def renames(sides: Sides) -> dict[str, str]:
    """Return the queues that only have another name: same facts, bindings and consumers.

    Only where there is one candidate on each side: which of two it became,
    nobody can know.
    """
    gone = [name for name in sides.before.queues if name not in sides.after.queues]
    come = [name for name in sides.after.queues if name not in sides.before.queues]
    if not gone or not come:
        return {}
    shapes: dict[str, list[list[str]]] = {}
    for side, names in enumerate((gone, come)):
        for name in names:
            shape = repr(_shape(sides, name, side))
            shapes.setdefault(shape, [[], []])[side].append(name)
    return {old[0]: new[0] for old, new in shapes.values() if len(old) == len(new) == 1}


def _shape(sides: Sides, name: str, side: int) -> Any:
    topology = (sides.old, sides.new)[side]
    all_declared = (sides.before, sides.after)[side]
    queue = all_declared.queues[name]

    def anyhow(text: str) -> str | None:
        return None if text == name else text

    bound = topology.wiring.bindings[name]
    return (
        queue._replace(arguments=dict(sorted(queue.arguments.items()))),
        sorted(
            (repr(anyhow(one.exchange)), repr(anyhow(one.routing_key)), repr(one.arguments))
            for one in bound
        ),
        sorted(topology.wiring.consumers.get(name, ())),
    )


def bindings(sides: Sides) -> Iterator[Change]:
    """Yield what differs in bindings; those of a queue that comes or goes go with it."""
    old = {one: sides.before.ties[one] for one in sides.untied}
    new = {one: sides.after.ties[one] for one in sides.tied}
    targets = {
        QUEUE: sides.before.queues.keys() & sides.after.queues.keys(),
        EXCHANGE: sides.before.exchanges.keys() & sides.after.exchanges.keys(),
    }
    both: dict[tuple[str, str], tuple[list[Tie], list[Tie]]] = {}
    for side, ties in enumerate((old, new)):
        for one in ties:
            both.setdefault((one.kind, one.name), ([], []))[side].append(one)
    for (kind, name), (gone, come) in both.items():
        if name not in targets[kind]:
            continue
        if len(gone) == len(come) == 1:
            effect, why = _binding_gone(sides, gone[0])
            yield Change(
                effect,
                "binding",
                name,
                CHANGED,
                None,
                gone[0].plain(),
                come[0].plain(),
                why,
                old[gone[0]],
                new[come[0]],
            )
            continue
        for one in gone:
            effect, why = _binding_gone(sides, one)
            yield Change(
                effect, "binding", name, REMOVED, None, one.plain(), None, why, old[one], None
            )
        for one in come:
            why = _AFRESH if sides.moved else "declaring adds it"
            yield Change(
                HARMLESS, "binding", name, ADDED, None, None, one.plain(), why, None, new[one]
            )


def _binding_gone(sides: Sides, one: Tie) -> tuple[str, str]:
    """Return what becomes of a binding that the new file does not have."""
    if sides.moved:
        return HARMLESS, _AFRESH
    if one not in sides.stale:
        if {(EXCHANGE, one.source), (one.kind, one.name)} & sides.recreated:
            return HARMLESS, "it goes when what it binds is re-created"
        return RESTART, "each process keeps bindings for itself"
    if one.source not in fed(sides.new):
        return HARMLESS, "it stays on the broker, but nothing is published to that exchange"
    stays = (
        f"declaring takes nothing away: {sides.broker} keeps the old binding until it is unbound"
    )
    if one.kind == QUEUE and not consumed(sides.new, one.name):
        return STRANDS, f"{stays}, and what it takes waits in a queue that nobody consumes"
    return DUPLICATES, f"{stays}, and what it takes goes to {one.name!r} as well"


def _changed(kind: str, name: str, one: Field, effect: str, why: str) -> Change:
    return Change(effect, kind, name, CHANGED, one.key, one.old, one.new, why, one.path, one.path)
