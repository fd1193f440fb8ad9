"""Holds an imported topology against what it was imported from, with Celery as the judge.

Two applications in this process, the old one and one with the emitted settings,
publish every known task into a producer that only listens. What they do differently
is a difference; one that a note of the import names the trap of is explained.
"""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.live import celery_settings
from qtopo.compiler.routes import Routes
from qtopo.importers.revive import to_live
from qtopo.importers.values import Code, QueueSpec, known

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


class Way(NamedTuple):
    """What one application publishes for a task; `refused` is what it raises instead."""

    exchange: str | None
    routing_key: str | None
    priority: int | None
    delivery_mode: Any
    headers: tuple[tuple[str, str], ...]
    refused: str | None = None

    def text(self) -> str:
        """Return it in words."""
        if self.refused is not None:
            return f"raises {self.refused}"
        where = f"exchange {self.exchange!r}, key {self.routing_key!r}"
        more = "" if self.priority is None else f", priority {self.priority}"
        mode = "" if self.delivery_mode is None else f", delivery mode {self.delivery_mode}"
        return where + more + mode


class Difference(NamedTuple):
    """A task that the two applications send differently, and the note that explains it."""

    task: str
    old: Way
    new: Way
    note: Note | None

    @property
    def trap(self) -> str | None:
        """The trap of Celery's that the old way came from, where it is known."""
        return None if self.note is None else self.note.trap


class Verdict(NamedTuple):
    """What was compared: how many tasks, and where they differ."""

    tasks: int
    differences: tuple[Difference, ...]
    celery: str

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """The differences without a named trap."""
        return tuple(one for one in self.differences if one.note is None)


def verify_app(name: str, topology: Topology, draft: Draft) -> Verdict:
    """Compare with an application, loaded as it runs."""
    from qtopo.importers.app import find

    old = find(name)
    tasks = [one for one in old.tasks if not one.startswith("celery.")]
    return _compare(old, tasks, topology, draft)


def verify_settings(settings: Mapping[str, Any], topology: Topology, draft: Draft) -> Verdict:
    """Compare with settings, by their new names and as plain values; no code of theirs runs."""
    plain = dict(settings)
    plain["task_routes"] = _routers(plain.get("task_routes"))
    plain["task_queues"] = _some(plain.get("task_queues"))
    old = _application(
        {name: to_live(plain[name]) for name in _ROUTING if _usable(plain.get(name))}
    )
    tasks: list[str] = []
    _register(old, topology.known_tasks())
    return _compare(old, tasks, topology, draft)


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


def _compare(old: Any, tasks: Sequence[str], topology: Topology, draft: Draft) -> Verdict:
    import celery

    new = _application(celery_settings(topology))
    _quiet(old)
    names = list(dict.fromkeys((*tasks, *topology.known_tasks(), *_probes(topology))))
    names = [name for name in names if name]
    _register(new, (*tasks, *topology.known_tasks()))
    differences = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                mine = _send(new, name)
                theirs = _send(old, name)
                if not _alike(theirs, mine, topology):
                    note = _explanation(name, topology, draft, theirs, mine)
                    if note is None and name not in old.tasks:
                        note = _unasked(draft)
                    differences.append(Difference(name, theirs, mine, note))
    finally:
        new.close()
    return Verdict(len(names), tuple(differences), celery.__version__)


def _alike(old: Way, new: Way, topology: Topology) -> bool:
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


def _unasked(draft: Draft) -> Note | None:
    """Return the note about a function that routes names nobody has registered, if there is one."""
    return next((one for one in draft.notes if one.trap == "router-function"), None)


class _Listener:
    """Stands in for kombu's producer, and writes down what is published."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.connection = self

    @contextlib.contextmanager
    def _reraise_as_library_errors(self, *_: Any, **__: Any) -> Iterator[None]:
        yield

    def publish(self, body: Any, **options: Any) -> None:  # noqa: ARG002
        """Note the options; the body does not matter."""
        self.published.append(options)


_OWN_HEADERS = frozenset(
    {
        "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries",
        "timelimit", "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin",
        "ignore_result", "replaced_task_nesting", "stamped_headers", "stamps",
    }
)  # fmt: skip


def _send(app: Any, name: str) -> Way:
    """Return what an application publishes for a task: as `delay` where it is registered."""
    listener = _Listener()
    try:
        task = app.tasks.get(name)
        if task is not None:
            typing = task.typing
            task.typing = False
            try:
                task.apply_async(producer=listener, ignore_result=True)
            finally:
                task.typing = typing
        else:
            app.send_task(name, producer=listener, ignore_result=True)
    except Exception as error:
        return Way(None, None, None, None, (), type(error).__name__)
    (sent,) = listener.published
    headers = sent.get("headers") or {}
    own = sorted((str(k), repr(v)) for k, v in headers.items() if k not in _OWN_HEADERS)
    return Way(
        sent.get("exchange"),
        sent.get("routing_key"),
        sent.get("priority"),
        sent.get("delivery_mode"),
        tuple(own),
    )


def _quiet(app: Any) -> None:
    """Set aside what would reach out of this process; nothing of it has to do with routing."""
    app.backend_cls = "disabled"
    app.conf.task_always_eager = False
    app.conf.task_send_sent_event = False


def _application(settings: dict[str, Any]) -> Any:
    """Return an application that is nobody's current one and reads no configuration by itself."""
    from celery import Celery

    app = Celery("qtopo-verify", set_as_current=False, fixups=(), loader="app")
    # Else it would take over the old application's tasks, which are shared, with what
    # their decorators say: the settings alone are to be judged.
    app.finalized = True
    app.config_from_object({})
    app.conf.update(
        {
            name: value
            for name, value in settings.items()
            if name.startswith("task_") and name != "task_always_eager"
        }
    )
    _quiet(app)
    return app


def _register(app: Any, names: Sequence[str]) -> None:
    for name in names:
        if name and name not in app.tasks:
            app.task(name=name, shared=False, typing=False)(_body)


def _body() -> None:
    """Stand in for a task: it is sent, never run."""


def _probes(topology: Topology) -> Iterator[str]:
    """Yield a name nobody knows for each pattern with a star, and one for no pattern at all."""
    routes = Routes(topology)
    for pattern in routes.patterns:
        if isinstance(pattern.key, str):
            yield pattern.key.replace("*", "qtopo.probe").replace("?", "q")
    yield "qtopo-probe"
