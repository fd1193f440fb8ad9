"""Which statements of a TOML text write a path: `a.b = 1` writes `a`, and so may another line.

A table may be written with a header, between braces, or by keys joined with dots
alone. The index of positions holds one place for each path; an edit has to know
them all, and where the table has room for a further key.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from qtopo.source.positions import index
from qtopo.source.tokens import keys_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.source.positions import Spans
    from qtopo.source.tokens import Span
    from qtopo.topology.finding import Path


class Statement(NamedTuple):
    """One `a.b = value`: where its keys stand, where it ends, and the path that it writes."""

    path: Path
    keys: list[Span]
    end: int

    @property
    def span(self) -> Span:
        """All of it, from the first key to the end of the value."""
        return self.keys[0][0], self.end

    def prefix(self, text: str, path: Path) -> str | None:
        """Return the keys up to a path above its own, as written; None if they begin below it."""
        written = len(self.keys) - (len(self.path) - len(path))
        return text[self.keys[0][0] : self.keys[written - 1][1]] if written > 0 else None


class Statements:
    """The statements of one text, found when they are first asked for: most edits need none."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def spans(self) -> dict[Path, Spans]:
        """Every path of the text."""
        return index(self._text)

    @cached_property
    def headers(self) -> dict[Path, Spans]:
        """Every path that has a header."""
        return {path: one for path, one in self.spans.items() if one.header is not None}

    def names(self, path: Path) -> list[Span]:
        """Return every place where the last key of a path is written, in headers too."""
        depth = _names_in(path)
        places = set()
        for one in self._near(path):
            key = self.spans[one].key
            if one[: len(path)] == path and key is not None:
                written = keys_before(self._text, key)
                at = len(written) - 1 - (_names_in(one) - depth)
                if at >= 0:
                    places.add(written[at])
        return sorted(places)

    def inside(self, table: Path) -> list[Statement]:
        """Return the statements directly between the braces of a table, in order."""
        some = (one for one in self._under(table) if self.braces(one.path) == table)
        return sorted(some, key=lambda one: one.end)

    def below(self, table: Path) -> Statement | None:
        """Return the last statement whose dotted keys make a table, None if there is none."""
        some = (one for one in self._under(table) if one.prefix(self._text, table) is not None)
        return max(some, key=lambda one: one.end, default=None)

    def braces(self, path: Path) -> Path | None:
        """Return the nearest table in braces that a path stands in, None if there is none."""
        for length in range(len(path) - 1, 0, -1):
            spans = self.spans.get(path[:length])
            if spans is not None and spans.value is not None:
                return path[:length] if self._text[spans.value[0]] == "{" else None
        return None

    def _under(self, path: Path) -> Iterator[Statement]:
        for one in self._near(path):
            spans = self.spans[one]
            if one[: len(path)] == path and len(one) > len(path) and spans.value and spans.key:
                yield Statement(one, keys_before(self._text, spans.key), spans.value[1])

    def _near(self, path: Path) -> Iterable[Path]:
        """Return the paths that begin as another does, and a few more."""
        return self._groups.get(path[:2], ()) if len(path) > 1 else self.spans

    @cached_property
    def _groups(self) -> dict[Path, list[Path]]:
        groups: dict[Path, list[Path]] = {}
        for one in self.spans:
            groups.setdefault(one[:2], []).append(one)
        return groups


def _names_in(path: Path) -> int:
    """Return how many keys lead to a path: lists are passed by their index."""
    return sum(isinstance(part, str) for part in path)
