"""What an importer makes: tables as TOML holds them, where they came from, what is odd about them.

A draft holds no `Topology`: what is imported may be incomplete or wrong, and has
to be written all the same. Sources put in only what they know; queues that are
named and declared nowhere are added once, after merging (`complete.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qtopo.topology.finding import ERROR, INFO, SEVERITIES, WARNING, Path

__all__ = ["ERROR", "INFO", "SEVERITIES", "WARNING", "Draft", "Leftover", "Note", "Path"]


class Note(NamedTuple):
    """One thing the report says.

    `path` is the key path of the draft it is about (the written file repeats it there
    as a comment), `where` the place it was seen (`Procfile:3`, never a secret), `trap`
    the name of the trap of Celery's that old behaviour came from.
    """

    severity: str
    message: str
    path: Path | None = None
    where: str | None = None
    trap: str | None = None


class Leftover(NamedTuple):
    """What the file has no place for: kept at its end as comments under a title."""

    title: str
    lines: tuple[str, ...]


@dataclass
class Draft:
    """A topology while it is being imported.

    `source` names it in notes and comments (`commands Procfile`). `data` holds tables
    exactly as TOML does, defaults left out: plain dicts, lists, strings, numbers and
    booleans, durations and sizes as strings with units. `origins` says where a table
    or key came from: `{("queues", "emails"): "settings.py:41"}` becomes a comment.
    `hints` is what one source knows and another one's tables need (`pool`: of every
    worker that names none).
    """

    source: str
    data: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    hints: dict[str, Any] = field(default_factory=dict)

    def put(self, path: Path, value: Any, origin: str | None = None) -> None:
        """Put a value at a path of table keys, with the tables on the way to it.

        A table that is there already gets the further keys.
        """
        table: dict[Any, Any] = self.data
        for key in path[:-1]:
            table = table.setdefault(key, {})
        last = path[-1]
        if isinstance(value, dict) and isinstance(table.get(last), dict):
            table[last].update(value)
        else:
            table[last] = value
        if origin is not None:
            self.origins.setdefault(path, origin)

    def append(self, name: str, item: Any, origin: str | None = None) -> Path:
        """Append to a list of tables (`routes`); returns the path of the new item."""
        items = self.data.setdefault(name, [])
        items.append(item)
        path: Path = (name, len(items) - 1)
        if origin is not None:
            self.origins[path] = origin
        return path

    def table(self, name: str) -> dict[str, Any]:
        """Return a table of the root, empty where there is none: to read, not to change."""
        found = self.data.get(name)
        return found if isinstance(found, dict) else {}

    def note(
        self,
        severity: str,
        message: str,
        path: Path | None = None,
        where: str | None = None,
        trap: str | None = None,
    ) -> None:
        """Say something in the report, once."""
        note = Note(severity, message, path, where, trap)
        if note not in self.notes:
            self.notes.append(note)

    def leave(self, title: str, *lines: str) -> None:
        """Keep what the file has no place for; a line may hold several lines of text."""
        self.leftovers.append(Leftover(title, tuple(lines)))
