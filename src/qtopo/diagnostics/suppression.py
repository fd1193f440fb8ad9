"""Comments that waive a rule: `# qtopo: ignore[rule, ...] reason`.

On a line, alone on the line above, or above the header of a table: then for
everything in it. A comment that waives nothing is found here too; it would
hide the next mistake.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qtopo.diagnostics.diagnostic import Diagnostic

MARK = "qtopo:"
"""What a text without suppressions does not hold: a cheap test before any other."""

_COMMENT = re.compile(r"\#[ \t]*qtopo:[ \t]*ignore\b[ \t]*(?P<list>\[(?P<names>[^\]\n]*)\])?")


class Comment(Protocol):
    """A comment of the file (`qtopo.source.comments`): where it is, and the lines it is about."""

    @property
    def offset(self) -> int:
        """Where it begins."""

    @property
    def text(self) -> str:
        """From the sign to the end of the line."""

    @property
    def first(self) -> int:
        """The first line that it is about."""

    @property
    def last(self) -> int:
        """The last line that it is about, inclusive."""


class Waiver(NamedTuple):
    """One name in the brackets: who is waived, where the name stands, and for which lines.

    `span` is a range of offsets. `name` is empty for a comment that names
    nobody; `together` are all names of the comment.
    """

    name: str
    span: tuple[int, int]
    first: int
    last: int
    together: frozenset[str]


def waivers(comments: Iterable[Comment]) -> list[Waiver]:
    """Return what comments waive, a name at a time."""
    found = []
    for one in comments:
        for match in _COMMENT.finditer(one.text):
            spots = list(re.finditer(r"[^,\s](?:[^,]*[^,\s])?", match["names"] or ""))
            together = frozenset(spot[0] for spot in spots)
            if not spots:
                span = one.offset + match.start(), one.offset + match.end()
                found.append(Waiver("", span, one.first, one.last, together))
            base = one.offset + match.start("names")
            for spot in spots:
                span = base + spot.start(), base + spot.end()
                found.append(Waiver(spot[0], span, one.first, one.last, together))
    return found


def sift(
    diagnostics: Iterable[Diagnostic],
    comments: dict[str, list[Waiver]],
    waivable: Callable[[Diagnostic], bool],
) -> tuple[list[Diagnostic], dict[str, list[Waiver]]]:
    """Return the diagnostics that no comment waives, and the waivers of each file without use."""
    covers = {file: _Cover(some) for file, some in comments.items()}
    used: set[int] = set()
    kept = []
    for diagnostic in diagnostics:
        place = diagnostic.place
        hits: list[Waiver] = []
        if place.start is not None and place.file in covers and waivable(diagnostic):
            lines = {place.start.line, (place.end or place.start).line}
            called = (diagnostic.rule, diagnostic.code)
            near = covers[place.file].over(place.start.line, lines)
            hits = [one for one in near if one.name in called]
        used.update(map(id, hits))
        if not hits:
            kept.append(diagnostic)
    idle = {file: [one for one in some if id(one) not in used] for file, some in comments.items()}
    return kept, idle


class _Cover:
    """The waivers of one file, found by line. Tables lie one in another, or apart."""

    def __init__(self, some: Iterable[Waiver]) -> None:
        self._lines: dict[int, list[Waiver]] = {}
        wide = []
        for one in some:
            if one.first == one.last:
                self._lines.setdefault(one.first, []).append(one)
            else:
                wide.append(one)
        wide.sort(key=lambda one: (one.first, -one.last))
        self._wide = wide
        self._firsts = [one.first for one in wide]
        self._around: list[int] = []
        """For each of them the one around it, -1 for none."""
        open_: list[int] = []
        for index, one in enumerate(wide):
            while open_ and wide[open_[-1]].last < one.first:
                open_.pop()
            self._around.append(open_[-1] if open_ else -1)
            open_.append(index)

    def over(self, line: int, lines: Iterable[int]) -> Iterator[Waiver]:
        """Yield the waivers of tables around a line, and those of single lines."""
        for one in lines:
            yield from self._lines.get(one, ())
        index = bisect_right(self._firsts, line) - 1
        while index >= 0:
            if self._wide[index].last >= line:
                yield self._wide[index]
            index = self._around[index]
