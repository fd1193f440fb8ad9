"""A draft as TOML that a person would have written: comments, inline tables, order of the docs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import INFO
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.importers.draft import Draft, Path

_WIDTH = 100
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_NAMED = ("exchanges", "queues", "workers", "machines", "workflows", "resources")
_COMPACT = ("tasks",)
_SHORT = ("broker.options", "results", "app", "defaults", "settings")


def write(draft: Draft) -> str:
    """Return the draft as TOML.

    Its data has to be sound (`sound.make_sound`): plain values in the shape of a
    topology. Comments say where each table came from and what is suspicious there;
    leftovers follow at the end, as comments.
    """
    return _Writer(draft).text()


class _Writer:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.lines: list[str] = []
        self.notes: dict[Path, list[str]] = {}
        self._told: Any = None
        for note in draft.notes:
            if note.path is not None and note.severity != INFO:
                trap = f" [{note.trap}]" if note.trap else ""
                text = f"{note.severity}: {note.message}{trap}"
                self.notes.setdefault(note.path, []).append(text)

    def text(self) -> str:
        """Return the file."""
        data = _ordered(self.draft.data)
        self._comment([f"Imported by `qtopo import` from {self.draft.source}."])
        order = [name for name in Topology.FIELDS if name in data]
        for name in order:
            value = data[name]
            if name == "routes" or name == "tests":
                self._tables(name, value)
            elif name in _NAMED:
                for key, table in value.items():
                    self._table((name, key), table)
            elif name in _COMPACT:
                self._compact((name,), value)
            elif name == "beat":
                self._beat(value)
            elif isinstance(value, dict):
                self._table((name,), value, empty=False)
            else:
                self._blank()
                self._pair((name,), name, value)
        self._leftovers()
        return "\n".join(self.lines).strip("\n") + "\n"

    def _blank(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def _comment(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.lines += list(_wrapped(text))

    def _said(self, path: Path) -> list[str]:
        """Return what is said of a path itself; where it came from once for its neighbours."""
        origin = self.draft.origins.get(path)
        told = origin is not None and self._told != (path[0], origin)
        if told:
            self._told = (path[0], origin)
        return ([f"From {origin}"] if told else []) + self.notes.pop(path, [])

    def _said_within(self, path: Path) -> list[str]:
        """Return what is said of a path and of everything in it."""
        found = self._said(path)
        for other in [one for one in self.notes if one[: len(path)] == path]:
            found += self.notes.pop(other)
        return found

    def _table(self, path: Path, table: dict[str, Any], *, empty: bool = True) -> None:
        """Write a table under its header; its longest tables get headers of their own."""
        scalars: dict[str, Any] = {}
        tables: dict[str, Any] = {}
        for key, value in table.items():
            own = isinstance(value, dict) and not self._fits(key, value)
            (tables if own else scalars)[key] = value
        said = self._said(path)
        if scalars or said or (empty and not tables):
            self._blank()
            self._comment(said)
            self.lines.append(f"[{_dotted(path)}]")
            for key, value in scalars.items():
                self._pair((*path, key), key, value)
        for key, value in tables.items():
            self._table((*path, key), value)

    def _tables(self, name: str, items: list[dict[str, Any]]) -> None:
        for index, item in enumerate(items):
            self._blank()
            self._comment(self._said((name, index)))
            self.lines.append(f"[[{name}]]")
            for key, value in item.items():
                self._pair((name, index, key), key, value)

    def _compact(self, path: Path, tables: dict[str, dict[str, Any]]) -> None:
        """Write tables as one line each where they are short, the others under headers."""
        short = {key: one for key, one in tables.items() if self._fits(key, one)}
        if not tables:
            return
        # A header for each would make a page of a list of names.
        if short:
            self._blank()
            self._comment(self._said(path))
            self.lines.append(f"[{_dotted(path)}]")
            for key, one in short.items():
                self._comment(self._said_within((*path, key)))
                self.lines.append(f"{_key(key)} = {_inline(one)}")
        for key, one in tables.items():
            if key not in short:
                self._table((*path, key), one)

    def _beat(self, beat: dict[str, Any]) -> None:
        schedule = beat.get("schedule", {})
        rest = {key: value for key, value in beat.items() if key != "schedule"}
        self._table(("beat",), rest, empty=not schedule)
        for name, entry in schedule.items():
            self._table(("beat", "schedule", name), entry)

    def _fits(self, key: str, value: Any) -> bool:
        return len(_key(key)) + 3 + len(_inline(value)) <= _WIDTH

    def _pair(self, path: Path, key: str, value: Any) -> None:
        self._comment(self._said_within(path))
        line = f"{_key(key)} = {_inline(value)}"
        if len(line) <= _WIDTH or not isinstance(value, list):
            self.lines.append(line)
            return
        # TOML allows line breaks in arrays only.
        self.lines.append(f"{_key(key)} = [")
        self.lines += [f"    {_inline(one)}," for one in value]
        self.lines.append("]")

    def _leftovers(self) -> None:
        rest = [text for texts in self.notes.values() for text in texts]
        if rest:
            self._blank()
            self._comment(rest)
        if not self.draft.leftovers:
            return
        self._blank()
        self._comment(["What follows has no place in this file, and is kept for you to judge."])
        for leftover in self.draft.leftovers:
            self.lines.append("#")
            title = _one_line(leftover.title)
            self.lines.append(f"# [{title}]")
            for text in leftover.lines:
                for line in text.splitlines() or [""]:
                    self.lines.append(f"# {_one_line(line)}".rstrip())


def _ordered(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with the keys of each table in the order of the documentation."""

    def table(model: Any, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        order = {key: at for at, key in enumerate(model.FIELDS)}
        return dict(sorted(value.items(), key=lambda pair: order.get(pair[0], len(order))))

    found = dict(data)
    for name, model in _models().items():
        if name in _NAMED or name == "tasks":
            if isinstance(found.get(name), dict):
                found[name] = {key: table(model, one) for key, one in found[name].items()}
        elif name == "routes" and isinstance(found.get(name), list):
            found[name] = [table(model, one) for one in found[name]]
        elif name in found:
            found[name] = table(model, found[name])
    schedule = found.get("beat", {}).get("schedule")
    if isinstance(schedule, dict):
        from qtopo.topology.beat import Entry

        entries = {key: table(Entry, one) for key, one in schedule.items()}
        found["beat"] = {**found["beat"], "schedule": entries}
    return found


def _models() -> dict[str, Any]:
    from qtopo.topology import app, beat, exchanges, queues, routes, tasks, workers

    return {
        "app": app.App,
        "broker": app.Broker,
        "results": app.Results,
        "defaults": app.Defaults,
        "exchanges": exchanges.Exchange,
        "queues": queues.Queue,
        "routes": routes.Route,
        "tasks": tasks.Task,
        "workers": workers.Worker,
        "beat": beat.Beat,
    }


def _inline(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(key)} = {_inline(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    import tomli_w

    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _inline(key)


def _dotted(path: Path) -> str:
    return ".".join(_key(str(one)) for one in path)


def _one_line(text: str) -> str:
    """Return a text that can stand in a comment, and says nothing to qtopo there."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
    # `# qtopo: ignore` would switch rules off.
    return re.sub(r"(?i)(qtopo)\s*:", r"\1 -", text)


def _wrapped(text: str) -> Iterator[str]:
    import textwrap

    text = _one_line(text)
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    ) or ["#"]
