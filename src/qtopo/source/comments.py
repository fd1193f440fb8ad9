"""Where comments stand in a TOML text, and what each of them is about.

Found by the structure, so that a `#` in a string is none. Like `positions`, it
may assume text that the parser has accepted, and still ends on any other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from qtopo.source.tokens import SPACES, after, after_scalar, keys

_NEXT = re.compile(r"""["'#\[\]{}]""")
_BLANK = re.compile(r"[ \t\r]*")


class Comment(NamedTuple):
    """One comment: its offset, its text, and the lines (from 1) that it is about.

    That is its own line; for a comment alone on its line the one below the
    comments, or the whole table where that is a header. `last` is inclusive.
    """

    offset: int
    text: str
    first: int
    last: int


class _Header(NamedTuple):
    line: int
    path: tuple[str, ...]


def comments(text: str) -> list[Comment]:
    """Return the comments of a text, in order."""
    spots, headers = _scan(text)
    end = text.count("\n") + 1
    starts = {one.line: at for at, one in enumerate(headers)}
    alone = {line for line, offset, _ in spots if _begins_line(text, offset)}
    found = []
    for line, offset, comment in spots:
        first = last = line
        if line in alone:
            while first in alone:
                first += 1
            last = first
            if first in starts:
                last = _end(headers, starts[first], end)
        found.append(Comment(offset, comment, first, last))
    return found


def _end(headers: list[_Header], at: int, last: int) -> int:
    """Return the last line of a table: before the next header that is not of a table in it."""
    path = headers[at].path
    for one in headers[at + 1 :]:
        if len(one.path) <= len(path) or one.path[: len(path)] != path:
            return one.line - 1
    return last


def _scan(text: str) -> tuple[list[tuple[int, int, str]], list[_Header]]:
    """Return line, offset and text of each comment, and the headers."""
    spots: list[tuple[int, int, str]] = []
    headers: list[_Header] = []
    depth = pos = counted = 0
    line = 1
    while (match := _NEXT.search(text, pos)) is not None:
        at = match.start()
        line += text.count("\n", counted, at)
        counted = at
        pos = at + 1
        sign = text[at]
        if sign == "#":
            end = text.find("\n", at)
            pos = len(text) if end < 0 else end
            spots.append((line, at, text[at:pos].rstrip()))
        elif sign in "\"'":
            pos = max(pos, after_scalar(text, at))
        elif sign in "[{":
            if depth == 0 and sign == "[" and _begins_line(text, at):
                brackets = 2 if text.startswith("[[", at) else 1
                pos, parts = keys(text, after(SPACES, text, at + brackets))
                pos = max(at + brackets, after(SPACES, text, pos) + brackets)
                headers.append(_Header(line, tuple(name for name, _ in parts)))
            else:
                depth += 1
        else:
            depth = max(0, depth - 1)
    return spots, headers


def _begins_line(text: str, at: int) -> bool:
    return after(_BLANK, text, text.rfind("\n", 0, at) + 1) == at
