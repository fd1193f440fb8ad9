"""Holds an imported topology against what it was imported from, with Celery as the judge.

Two applications in this process, the old one and one with the emitted settings,
publish every known task into a producer that only listens. What they do differently
is a difference; one that a note of the import names the trap of is explained.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.live import celery_settings
from qtopo.compiler.routes import Routes
from qtopo.importers.revive import to_live
from qtopo.importers.sides import Way, application, quiet, register, send
from qtopo.importers.values import Code, QueueSpec, known
from qtopo.importers.verify_beat import entries, explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qtopo.importers.draft import Draft, Note
    from qtopo.topology.topology import Topology

_EQUAL_TO_NONE = (None, 0)
_ROUTING = (
    "task_annotations",
    "task_create_missing_queue_exchange_type",
    "task_create_missing_queue_type",
    "task_create_missing_queues",
    "task_default_delivery_mode",
    "task_default_exchange",
    "task_default_exchange_type",
    "task_default_priority",
    "task_default_queue",
    "task_default_queue_type",
    "task_default_routing_key",
    "task_queue_max_priority",
    "task_queues",
    "task_routes",
)
_EXPLAINING = frozenset(
    {
        "broadcast-exchange",
        "broadcast-undelivered",
        "exchange-declared-twice",
        "multi-delivery",
        "route-exchange-without-key",
        "route-fatal-key",
        "route-key-unbound",
        "route-overridden",
        "router-function",
        "router-list-of-pairs",
        "unknown-queue",
    }
)
"""Traps after which a message goes elsewhere than it did, on purpose."""

_PRIORITIES = frozenset(
    {"default-priority-masks-route", "priority-beyond-scale", "priority-without-levels"}
)
"""Traps after which it goes there with another priority."""


class Difference(NamedTuple):
    """A task that the two applications send differently, and the note that explains it.

    `entry` is that of beat's schedule that sends it, None for a call.
    """

    task: str
    old: Way
    new: Way
    note: Note | None
    entry: str | None = None

    @property
    def trap(self) -> str | None:
        """The trap of Celery's that the old way came from, where it is known."""
        return None if self.note is None else self.note.trap


class Verdict(NamedTuple):
    """What was compared: how many tasks and entries of beat's schedule, and where they differ."""

    tasks: int
    differences: tuple[Difference, ...]
    celery: str
    entries: int = 0

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """The differences without a named trap."""
        return tuple(one for one in self.differences if one.note is None)


def verify_app(name: str, topology: Topology, draft: Draft) -> Verdict:
    """Compare with an application, loaded as it runs."""
    from qtopo.importers.app import find

    old = find(name)
    tasks = [one for one in old.tasks if not one.startswith("celery.")]
    return _compare(old, old.conf.beat_schedule or {}, tasks, topology, draft)


def verify_settings(settings: Mapping[str, Any], topology: Topology, draft: Draft) -> Verdict:
    """Compare with settings, by their new names and as plain values; no code of theirs runs."""
    plain = dict(settings)
    plain["task_routes"] = _routers(plain.get("task_routes"))
    plain["task_queues"] = _some(plain.get("task_queues"))
    old = application({name: to_live(plain[name]) for name in _ROUTING if _usable(plain.get(name))})
    register(old, topology.known_tasks())
    schedule = to_live(plain.get("beat_schedule"))
    return _compare(old, schedule if isinstance(schedule, dict) else {}, (), topology, draft)


def _routers(value: Any) -> Any:
    """Return the routers that can be asked: maps, and functions that were imported."""
    if isinstance(value, list | tuple):
        items = [one for one in value if not isinstance(one, str) and _asked(one)]
        return items or None
    if isinstance(value, str):
        return None
    return value if _asked(value) else None


def _asked(router: Any) -> bool:
    return router.call is not None if isinstance(router, Code) else known(router)


def _some(value: Any) -> Any:
    """Return the queues that can be made."""
    if isinstance(value, list | tuple):
        return [one for one in value if isinstance(one, QueueSpec)]
    return value


def _usable(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_asked(one) if isinstance(one, Code) else known(one) for one in value)
    return value is not None and _asked(value)


def _compare(
    old: Any,
    schedule: Mapping[str, Any],
    tasks: Sequence[str],
    topology: Topology,
    draft: Draft,
) -> Verdict:
    import celery

    settings = celery_settings(topology)
    new = application(settings)
    scheduled = 0
    quiet(old)
    names = list(dict.fromkeys((*tasks, *topology.known_tasks(), *_probes(topology))))
    names = [name for name in names if name]
    register(new, (*tasks, *topology.known_tasks()))
    differences = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                mine = send(new, name)
                theirs = send(old, name)
                if not _alike(theirs, mine, topology):
                    note = _explanation(name, topology, draft, theirs, mine)
                    if note is None and name not in old.tasks and _by_function(old, name):
                        note = _unasked(draft)
                    differences.append(Difference(name, theirs, mine, note))
            sides = (old, schedule), (new, settings.get("beat_schedule", {}))
            for entry, task, theirs, mine in entries(*sides):
                scheduled += 1
                if not _alike(theirs, mine, topology):
                    note = explained(entry, draft)
                    note = note or _explanation(task, topology, draft, theirs, mine)
                    differences.append(Difference(task, theirs, mine, note, entry))
    finally:
        new.close()
    return Verdict(len(names), tuple(differences), celery.__version__, scheduled)


def _alike(old: Way, new: Way, topology: Topology) -> bool:
    if old.entry != new.entry:
        return False
    if old.refused is not None or new.refused is not None:
        return old.refused == new.refused
    if _place(old, topology) != _place(new, topology):
        return False
    if old.priority != new.priority and not (
        # A broker takes no priority for 0.
        old.priority in _EQUAL_TO_NONE and new.priority in _EQUAL_TO_NONE
    ):
        return False
    return old.delivery_mode == new.delivery_mode and old.headers == new.headers


def _place(way: Way, topology: Topology) -> tuple[str | None, str | None]:
    exchange = way.exchange or ""
    if exchange and topology.wiring.exchange_type(exchange) == "fanout":
        # A fanout exchange does not look at the key, but on kombu's own transports.
        return exchange, way.routing_key if topology.broker.kind.virtual else None
    return exchange, way.routing_key


def _explanation(name: str, topology: Topology, draft: Draft, old: Way, new: Way) -> Note | None:
    """Return the note of the import that names why: of the task, its route, or a queue."""
    routes = Routes(topology)
    quoted = [repr(name)]
    route = routes.exact.get(name)
    if route is None:
        pattern = routes.pattern(name)
        if pattern is not None:
            key = pattern.key
            quoted.append(repr(key) if isinstance(key, str) else f"regex {key.pattern!r}")
    queues = {old.routing_key, new.routing_key}
    elsewhere = old.refused is not None or _place(old, topology) != _place(new, topology)
    traps = _EXPLAINING if elsewhere else _PRIORITIES
    for note in draft.notes:
        if note.trap not in traps:
            continue
        about_queue = (
            note.path is not None and note.path[:1] == ("queues",) and note.path[1] in queues
        )
        if about_queue or any(f"{one} " in f"{note.message} " for one in quoted):
            return note
        if any(f"{one}:" in note.message or f"{one}," in note.message for one in quoted):
            return note
    if not elsewhere and old.priority != new.priority:
        return next((one for one in draft.notes if one.trap == "default-priority"), None)
    return None


def _by_function(app: Any, name: str) -> bool:
    """Whether it is a function, not a table, that routes a name."""
    from celery.app.routes import MapRoute

    for router in app.amqp.router.routes:
        try:
            answer = app.amqp.router.query_router(router, name, (), {}, {}, None)
        except Exception:
            # A function that fails for a name nobody has registered decides, by failing.
            return True
        if answer is not None:
            return not isinstance(router, MapRoute)
    return False


def _unasked(draft: Draft) -> Note | None:
    """Return the note about a function that routes names nobody has registered, if there is one."""
    return next((one for one in draft.notes if one.trap == "router-function"), None)


def _probes(topology: Topology) -> Iterator[str]:
    """Yield a name nobody knows for each pattern with a star, and one for no pattern at all."""
    routes = Routes(topology)
    for pattern in routes.patterns:
        if isinstance(pattern.key, str):
            yield pattern.key.replace("*", "qtopo.probe").replace("?", "q")
    yield "qtopo-probe"
