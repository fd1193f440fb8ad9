"""Where a TOML text has room: what is put between its lines and items, and taken out.

Comments are never taken out, but for the one behind a line that goes as a whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.source.values import key_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.source.tokens import Span
    from qtopo.topology.finding import Path

Change = tuple[int, int, str]
"""Where text is replaced, from and to, and by what."""

_BLANK = re.compile(r"[ \t]*")
_NEXT_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


class Layout:
    """One text, which the parser has accepted."""

    def __init__(self, text: str) -> None:
        self.text = text
        end = text.find("\n")
        self.newline = "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"

    def with_line(self, header: Span, line: str) -> Change:
        """Put a line below a header."""
        indent = self._indent(header[0])
        end = self._line_end(header[1])
        return end, end, self.newline + indent + line

    def with_line_below(self, statement: Span, line: str) -> Change:
        """Put a line below a statement, indented as that is."""
        end = self._line_end(statement[1])
        return end, end, self.newline + self._indent(statement[0]) + line

    def without_line(self, key: Span, value: Span) -> Change:
        """Take out `key = value`, with the lines it stands on and the comment behind it."""
        start, end = self._line_start(key[0]), self._line_end(value[1])
        rest = self.text[value[1] : end].strip()
        if self.text[start : key[0]].strip(" \t") or (rest and not rest.startswith("#")):
            raise ValueError("it does not stand on a line of its own")
        if end == len(self.text):
            # The last line: the line feed before it goes, if there is none behind it.
            start = max(0, start - len(self.newline)) if start else 0
            return start, end, ""
        return start, self.text.index("\n", end) + 1, ""

    def new_table(self, path: Path, siblings: Sequence[Span]) -> Change:
        """Put the header of an empty table behind the last table beside it, else at the end."""
        name = ".".join(key_text(str(part)) for part in path)
        if not siblings:
            pos = len(self.text)
        else:
            last = max(siblings)
            found = _NEXT_HEADER.search(self.text, self._line_end(last[1]))
            # A bracket at the start of a line may stand in a list: the result is read
            # again, and where the guess was wrong the edit is refused.
            pos = len(self.text) if found is None else self._above(found.start(), last[1])
        before = self.text[:pos]
        # Headers without anything below them stand close together.
        close = bool(siblings) and self.text[max(siblings)[1] : pos].strip() == ""
        gap = "" if not before or close else self.newline
        if before and not before.endswith("\n"):
            gap = self.newline + gap
        elif before.endswith(self.newline * 2):
            gap = ""
        rest = self.text[pos:]
        tail = self.newline if rest.strip() and not close and rest[:1] not in "\r\n" else ""
        return pos, pos, f"{gap}[{name}]{self.newline}{tail}"

    def with_item(self, item: str, before: Span | None, array: Span) -> list[Change]:
        """Put an item at the end of a list; `before` is the last one that it has."""
        text = self.text
        if before is None:
            if text[array[0] + 1 : array[1] - 1].strip():
                raise ValueError("the list holds comments alone")
            return [(array[0] + 1, array[1] - 1, item)]
        comma = self._comma(before[1], array[1] - 1)
        if "\n" not in text[before[1] : array[1] - 1]:
            if comma is None:
                return [(before[1], before[1], f", {item}")]
            return [(comma + 1, comma + 1, f" {item},")]
        # One item a line: the comment behind the last one stays with it.
        end = min(self._line_end(before[1] if comma is None else comma), array[1] - 1)
        line = f"{self.newline}{self._indent(before[0])}{item}"
        if comma is not None:
            return [(end, end, line + ",")]
        if end == before[1]:
            return [(end, end, "," + line)]
        return [(before[1], before[1], ","), (end, end, line)]

    def without_item(self, item: Span, before: Span | None, array: Span) -> list[Change]:
        """Take an item out of a list, with one comma; comments stay."""
        text = self.text
        comma = self._comma(item[1], array[1] - 1)
        if comma is None:
            comma = None if before is None else self._comma(before[1], item[0])
        if comma is None:
            return [(*item, "")]
        if comma >= item[1] and not text[item[1] : comma].strip(" \t"):
            # Directly behind it: one piece, with the blanks up to the next item.
            end = _BLANK.match(text, comma + 1).end()  # type: ignore[union-attr]
            return [self._whole_line(item[0], end)]
        if comma < item[0] and not text[comma + 1 : item[0]].strip(" \t"):
            return [(comma, item[1], "")]
        end = _BLANK.match(text, item[1]).end()  # type: ignore[union-attr]
        return [(comma, comma + 1, ""), self._whole_line(item[0], end)]

    def _whole_line(self, start: int, end: int) -> Change:
        """Return the range, grown to its whole line where nothing else stands on it."""
        first, last = self._line_start(start), self._line_end(end)
        if self.text[first:start].strip(" \t") or self.text[end:last].strip(" \t"):
            return start, end, ""
        following = self.text.find("\n", last)
        return (start, end, "") if following < 0 else (first, following + 1, "")

    def _comma(self, pos: int, stop: int) -> int | None:
        """Return where the next comma stands that is not in a comment."""
        while pos < stop:
            if self.text[pos] == ",":
                return pos
            if self.text[pos] == "#":
                pos = self._line_end(pos)
            else:
                pos += 1
        return None

    def _line_start(self, pos: int) -> int:
        return self.text.rfind("\n", 0, pos) + 1

    def _line_end(self, pos: int) -> int:
        """Return where the line ends, before its line feed or CRLF."""
        end = self.text.find("\n", pos)
        if end < 0:
            return len(self.text)
        return end - 1 if end > pos and self.text[end - 1] == "\r" else end

    def _indent(self, pos: int) -> str:
        start = self._line_start(pos)
        return _BLANK.match(self.text, start).group()  # type: ignore[union-attr]

    def _above(self, pos: int, least: int) -> int:
        """Return where the blank lines and comments begin that stand directly above a line."""
        while pos > least:
            start = self._line_start(pos - 1)
            line = self.text[start:pos].strip()
            if start <= least or (line and not line.startswith("#")):
                break
            pos = start
        return pos
