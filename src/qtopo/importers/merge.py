"""Several drafts as one: the first source wins for each key, and what disagrees is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import INFO, WARNING, Draft, Path
from qtopo.importers.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOGETHER = {
    "queues": (
        {"exchange", "routing_key", "binding_arguments", "bindings", "broadcast"},
        {"durable"},
        {"exclusive"},
        {"auto_delete"},
        {"type"},
    ),
    "exchanges": ({"type"}, {"durable"}, {"auto_delete"}),
    "workers": ({"concurrency", "autoscale"},),
}
"""Keys that mean one thing together: of these a table that is there is complete.

A queue without `exchange` has one of its own; adding another source's would change it.
For workers only what is said counts.
"""


def merge(drafts: Sequence[Draft]) -> Draft:
    """Return one draft of several; what two of them say differently is a note."""
    merged = Draft(" and ".join(dict.fromkeys(one.source for one in drafts)))
    for draft in drafts:
        _Merging(merged, draft).run()
    return merged


class _Merging:
    """Puts one draft into another; `moved` says where its routes went."""

    def __init__(self, into: Draft, draft: Draft) -> None:
        self.into = into
        self.draft = draft
        self.moved: dict[int, Path] = {}

    def run(self) -> None:
        """Merge data, then what is said of it."""
        for name, value in self.draft.data.items():
            if name == "routes":
                self._routes(value)
            elif isinstance(value, dict) and isinstance(self.into.data.get(name), dict):
                self._table(self.into.data[name], value, (name,))
            elif name in self.into.data:
                self._differ((name,), self.into.data[name], value)
            else:
                self.into.data[name] = value
        for given, origin in self.draft.origins.items():
            path = self._moved(given)
            if path is not None:
                self.into.origins.setdefault(path, origin)
        for note in self.draft.notes:
            path = None if note.path is None else self._moved(note.path)
            self.into.note(note.severity, note.message, path, note.where, note.trap)
        self.into.leftovers += self.draft.leftovers
        for key, hint in self.draft.hints.items():
            self.into.hints.setdefault(key, hint)

    def _moved(self, path: Path) -> Path | None:
        if len(path) > 1 and path[0] == "routes" and isinstance(path[1], int):
            moved = self.moved.get(path[1])
            return None if moved is None else (*moved, *path[2:])
        return path

    def _table(self, mine: dict[str, Any], theirs: dict[str, Any], path: Path) -> None:
        settled = self._settled(mine, theirs, path)
        for key, value in theirs.items():
            if key in settled:
                if mine.get(key) != value:
                    self._differ((*path, key), mine.get(key), value)
            elif key not in mine:
                mine[key] = value
            elif isinstance(mine[key], dict) and isinstance(value, dict) and not _entry(path):
                self._table(mine[key], value, (*path, key))
            elif mine[key] != value and not _same_object(path, key, mine[key], value):
                self._differ((*path, key), mine[key], value)

    def _settled(self, mine: dict[str, Any], theirs: dict[str, Any], path: Path) -> set[str]:
        """Return the keys of the other table that this one has answered, if only by silence."""
        if path == ("broker",) and mine.get("transport", "rabbitmq") != theirs.get(
            "transport", "rabbitmq"
        ):
            return set(theirs)
        if len(path) != 2:
            return set()
        found: set[str] = set()
        for group in _TOGETHER.get(str(path[0]), ()):
            if path[0] != "workers" or group & mine.keys():
                found |= group
        return found

    def _routes(self, items: list[dict[str, Any]]) -> None:
        routes = self.into.data.setdefault("routes", [])
        answered: dict[str, tuple[int, dict[str, Any]]] = {}
        for index, route in enumerate(routes):
            for key in _keys(route.get("task")):
                answered.setdefault(key, (index, route))
        tasks = self.into.table("tasks")
        for index, route in enumerate(items):
            kept = []
            for task in _tasks(route.get("task")):
                (key,) = _keys(task)
                said = {name: value for name, value in route.items() if name != "task"}
                if key in answered:
                    at, first = answered[key]
                    other = {name: value for name, value in first.items() if name != "task"}
                    self.moved.setdefault(index, ("routes", at))
                    if other != said:
                        self._differ(("routes", at), other, said, f"the route of {key}")
                elif isinstance(task, str) and "queue" in tasks.get(task, {}):
                    if said != {"queue": tasks[task]["queue"]}:
                        self._differ(("tasks", task), tasks[task], said, f"the route of {key}")
                else:
                    kept.append(task)
            if kept:
                task = route["task"] if len(kept) == len(_tasks(route["task"])) else kept
                self.moved[index] = ("routes", len(routes))
                routes.append({**route, "task": task})

    def _differ(self, path: Path, mine: Any, theirs: Any, what: str | None = None) -> None:
        where = self.draft.origins.get(path) or self.draft.origins.get(path[:2])
        name = what or ".".join(map(str, path))
        if mine is None:
            message = f"{name}: {self.draft.source} says {shown(theirs)}, an earlier source not"
        else:
            message = (
                f"{name}: {self.draft.source} says {shown(theirs)}, "
                f"an earlier source {shown(mine)}, which is kept"
            )
        # What is absent means the default: a table that says nothing else agrees.
        severity = INFO if mine is None and theirs in (False, "classic", "direct") else WARNING
        self.into.note(severity, message, path, where or self.draft.source, "sources-differ")


def _same_object(path: Path, key: str, mine: Any, theirs: Any) -> bool:
    """Whether two ways of writing name one scheduler, or one application."""
    if (*path, key) == ("beat", "scheduler"):
        # Celery takes a dot for the colon.
        return str(mine).replace(":", ".") == str(theirs).replace(":", ".")
    if (*path, key) == ("app", "celery"):
        module, _, name = str(mine).partition(":")
        other, _, own = str(theirs).partition(":")
        # `-A shop` finds the application of the module shop.celery.
        near = module == other or f"{module}.celery" == other or f"{other}.celery" == module
        return near and (not name or not own or name == own)
    return False


def _entry(path: Path) -> bool:
    """Whether a path leads to the entries of the schedule, which are wholes."""
    return path[:2] == ("beat", "schedule")


def _tasks(task: Any) -> list[Any]:
    return list(task) if isinstance(task, list) else [task]


def _keys(task: Any) -> Iterable[str]:
    for one in _tasks(task):
        yield one if isinstance(one, str) else f"regex {one.get('regex')}" if one else ""
