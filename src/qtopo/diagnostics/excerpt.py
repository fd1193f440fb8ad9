"""Lines of a file as the terminal shows them, with one range underlined."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from qtopo.diagnostics.screen import columns, visible
from qtopo.diagnostics.secrets import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.topology.finding import Position

TAB = 4
CONTEXT = 2


class Row(NamedTuple):
    """One line of the excerpt; the marked one has the columns to underline."""

    number: int
    text: str
    mark: tuple[int, int] | None = None
    """Where the underlining begins, counted from 0, and how long it is (at least 1)."""


def excerpt(
    lines: Sequence[str],
    start: Position,
    end: Position | None,
    *,
    room: int,
    context: int = 0,
    ellipsis: str = "...",
) -> list[Row]:
    """Return the line where a range starts, and up to `context` lines before and after it.

    `lines` are those of the file without their line feeds. No row is wider than
    `room` columns; the underlining of a line's end may stand one further. Of a
    range over several lines the first is underlined, to its end. Empty if the
    file has no such line.
    """
    marked = start.line - 1
    if not 0 <= marked < len(lines):
        return []
    line = masked(lines[marked].rstrip("\r"), start.column)
    first = min(start.column - 1, len(line))
    last = first + 1
    if end is not None and end.line > start.line:
        last = len(line.rstrip())
    elif end is not None:
        last = min(end.column - 1, len(line))
    text, mark = _cut(line, first, max(first + 1, last), room, ellipsis)
    before = range(max(0, marked - context), marked)
    after = range(marked + 1, min(len(lines), marked + 1 + context))
    return [
        *_rows(lines, before, room, ellipsis),
        Row(start.line, text, mark),
        *reversed(_rows(lines, reversed(after), room, ellipsis)),
    ]


def _rows(lines: Sequence[str], numbers: Iterable[int], room: int, ellipsis: str) -> list[Row]:
    """Return lines of context; blank ones at the far side say nothing and are left out."""
    rows: list[Row] = []
    for number in numbers:
        line = masked(lines[number].rstrip())
        if line or rows:
            rows.append(Row(number + 1, _cut(line, 0, 1, room, ellipsis)[0]))
    return rows


def _cut(line: str, first: int, last: int, room: int, ellipsis: str) -> tuple[str, tuple[int, int]]:
    """Return what is shown of a line, and the columns that a range of it takes up there.

    Of a line that is too wide the surroundings of the range are shown, and of a
    range that is too wide the beginning.
    """
    # A line may have a million characters: these few are enough to choose from.
    skipped, stop = max(0, first - 2 * room), first + 3 * room
    cells, edges = _lay_out(line[skipped:stop])
    begin = edges[first - skipped]
    length = max(1, edges[min(last - skipped, len(cells))] - begin)
    if not skipped and stop >= len(line) and edges[-1] <= room:
        return "".join(cells), (begin, length)

    dots = columns(ellipsis)
    left = 0
    if skipped or begin + length > room - dots:
        left = begin - max(0, room - 2 * dots - length) // 2
        if stop >= len(line):
            left = min(left, edges[-1] - room + dots)
    here = bisect_left(edges, min(max(left, 0), begin))
    prefix = ellipsis if skipped or here else ""
    budget = room - columns(prefix)
    suffix = ellipsis if stop < len(line) or edges[-1] - edges[here] > budget else ""
    there = bisect_right(edges, edges[here] + budget - columns(suffix)) - 1
    there = bisect_left(edges, edges[there])  # not between a base and what combines with it
    length = max(1, min(length, edges[there] - begin))
    shown = prefix + "".join(cells[here:there]) + suffix
    return shown, (columns(prefix) + begin - edges[here], length)


def _lay_out(text: str) -> tuple[list[str], list[int]]:
    """Return what stands for each character, and the columns where they begin and the last ends.

    A combining character begins where its base does.
    """
    cells: list[str] = []
    edges: list[int] = []
    base = end = 0
    for character in text:
        cell = " " * (TAB - end % TAB) if character == "\t" else visible(character)
        width = columns(cell)
        if width:
            base = end
        cells.append(cell)
        edges.append(base)
        end += width
    return cells, [*edges, end]
