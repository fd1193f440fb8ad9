"""Where things stand in a TOML text: a scanner for text the parser has already accepted.

The parser gives values and no places. This scanner gives places and no values:
for each key path the character ranges of its key, its value and its header.
It may assume valid TOML 1.1 (tomli has read the very text), so all it has to
find is where tokens end. It runs only when there is something to report, and
then as a rule for a handful of wanted paths.

Offsets count characters of the text as given. Carriage returns are characters
like any other; a byte-order mark at the start takes up offset 0 and belongs to
no range.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from qtopo.source.tokens import (
    BETWEEN_ITEMS,
    DULL_LINES,
    EQUALS,
    SPACES,
    STATEMENT,
    after,
    after_scalar,
    after_value,
    closes,
    keys,
    opens,
)
from qtopo.topology.finding import Position

if TYPE_CHECKING:
    from collections.abc import Collection

    from qtopo.source.tokens import Span
    from qtopo.topology.finding import Path

BYTE_ORDER_MARK = "\ufeff"


class Spans(NamedTuple):
    """Where one path stands, as half-open ranges of offsets; None is what it does not have.

    `key` is the key that names it, quotes included: that of its header if it has
    one, else the first of several. Elements of an inline array have none.
    `value` is what follows the `=`, or the array element; a table or array has
    one only if it is written inline. `header` reaches from the first bracket of
    `[table]` or `[[table]]` to the last; an array of tables has the header of
    its first element.
    """

    key: Span | None
    value: Span | None
    header: Span | None


def index(text: str, wanted: Collection[Path] | None = None) -> dict[Path, Spans]:
    """Find the ranges of every path in the text, or only of the wanted ones.

    The text must have been accepted by the parser, a byte-order mark aside. On
    any other text this still ends, without an exception, but what it returns
    means nothing. Wanted paths that are not there are absent from the result;
    so is the root `()`, which has no range.

    Takes time in proportion to the text. Without `wanted` the result holds all
    paths in full, which for deep nesting is much larger than the text.
    """
    found: dict[Path, _Node | Spans] = {}
    root = _Growing((), found) if wanted is None else _chosen(wanted, found)
    _Scanner(text, root).run()
    return {
        path: node if isinstance(node, Spans) else Spans(node.key, node.value, node.header)
        for path, node in found.items()
        if node.key or node.value or node.header
    }


class Lines:
    """Turns offsets into lines and columns; lines end at a line feed and nowhere else.

    A byte-order mark has no width: what follows it is in column 1.
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._length = len(text)
        if text.startswith(BYTE_ORDER_MARK):
            self._starts[0] = 1

    def position(self, offset: int) -> Position:
        """Return the position of an offset; one outside the text means its nearest end."""
        offset = max(self._starts[0], min(offset, self._length))
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)


class _Node:
    """What is known of one path. Only its children are worth looking at."""

    __slots__ = ("children", "header", "key", "last", "value")

    def __init__(self) -> None:
        self.children: dict[str | int, _Node] = {}
        self.key: Span | None = None
        self.value: Span | None = None
        self.header: Span | None = None
        self.last = -1  # index of the last element, if this is an array of tables

    def child(self, part: str | int) -> _Node | None:
        """Return the node one step further, None if it does not matter."""
        return self.children.get(part)

    def leaf(self, part: str | int, key: Span | None, value: Span) -> None:
        """Note a value that has no paths below it."""
        node = self.children.get(part)
        if node is not None:
            node.key, node.value = key, value


class _Growing(_Node):
    """A node below which everything matters: it makes its children as they are met."""

    __slots__ = ("found", "path")

    def __init__(self, path: Path, found: dict[Path, _Node | Spans]) -> None:
        super().__init__()
        self.path = path
        self.found = found

    def child(self, part: str | int) -> _Node:
        node = self.children.get(part)
        if node is None:
            path = (*self.path, part)
            node = self.children[part] = self.found[path] = _Growing(path, self.found)
        return node

    def leaf(self, part: str | int, key: Span | None, value: Span) -> None:
        # Most paths are leaves: a node for each would cost half as much again.
        self.found[(*self.path, part)] = Spans(key, value, None)


def _chosen(wanted: Collection[Path], found: dict[Path, _Node | Spans]) -> _Node:
    """Return the root of a tree of the wanted paths, and put their nodes in `found`."""
    root = _Node()
    for path in wanted:
        node = root
        for part in path:
            node = node.children.setdefault(part, _Node())
        found[path] = node
    return root


class _Scanner:
    """Walks once through the text and leaves the ranges in the nodes under `root`.

    Where a path is not in the tree its node is None, and all below it is passed
    over. Methods return the offset at which they stopped reading.
    """

    def __init__(self, text: str, root: _Node) -> None:
        self._text = text
        self._root = root

    def run(self) -> None:
        """Read statement by statement; stop at what cannot be one."""
        text, match_statement = self._text, STATEMENT.match
        pos, before = int(text.startswith(BYTE_ORDER_MARK)), -1
        table: _Node | None = self._root
        while before < pos < len(text):
            before = pos
            if table is None:
                pos = after(DULL_LINES, text, pos)
            statement = match_statement(text, pos)
            if statement is None:  # cannot be: every part of the pattern is optional
                return
            pos = statement.end()
            if statement.lastindex == 2:  # `key = value`
                if table is not None:
                    table.leaf(statement[1], statement.span(1), statement.span(2))
            elif statement.lastindex == 1:  # `key =`, the value being a harder one
                pos = self._value(pos, table, statement[1], statement.span(1))
            elif text.startswith("[", pos):
                pos, table = self._header(pos)
            else:
                pos, holder, part, key = self._key(pos, table)
                pos = self._value(pos, holder, part, key)

    def _header(self, start: int) -> tuple[int, _Node | None]:
        """Read `[a.b]` or `[[a.b]]`; return also the table that the lines below it fill."""
        text = self._text
        brackets = 2 if text.startswith("[[", start) else 1
        pos, parts = keys(text, after(SPACES, text, start + brackets))
        pos = after(SPACES, text, pos) + brackets
        node = self._descend(self._root, parts[:-1])
        if node is None or not parts:
            return pos, None
        name, key = parts[-1]
        node = node.child(name)
        if node is not None and brackets == 2:
            node.last += 1
            if node.last == 0:
                node.key, node.header = key, (start, pos)
            node = node.child(node.last)
        if node is not None:
            node.key, node.header = key, (start, pos)
        return pos, node

    def _key(self, start: int, table: _Node | None) -> tuple[int, _Node | None, str, Span | None]:
        """Read `a.b =`; return also the table that gets the value, and its key there."""
        pos, parts = keys(self._text, start)
        pos = after(EQUALS, self._text, pos)
        if not parts:
            return pos, None, "", None
        return pos, self._descend(table, parts[:-1]), *parts[-1]

    def _descend(self, node: _Node | None, parts: list[tuple[str, Span]]) -> _Node | None:
        """Follow keys to a table, noting where each key is seen for the first time."""
        for name, key in parts:
            node = node.child(name) if node is not None else None
            if node is None:
                return None
            if node.key is None:
                node.key = key
            if node.last >= 0:  # an array of tables stands for its last element
                node = node.child(node.last)
        return node

    def _value(self, start: int, holder: _Node | None, part: str | int, key: Span | None) -> int:
        """Read the value that `part` has in the table or array that holds it."""
        if not opens(self._text, start):
            pos = after_scalar(self._text, start)
            if holder is not None:
                holder.leaf(part, key, (start, pos))
            return pos
        node = holder.child(part) if holder is not None else None
        if node is None:
            return after_value(self._text, start)
        node.key = key
        return self._container(start, node)

    def _container(self, start: int, node: _Node) -> int:
        """Read an array or inline table and all it holds.

        Not recursive: how deep they may be nested is the parser's business.
        """
        text = self._text
        outer: list[tuple[_Node, int, int]] = []
        element = _first_element(text, start)
        pos = start + 1
        while pos < len(text):
            pos = after(BETWEEN_ITEMS, text, pos)
            if closes(text, pos):
                pos += 1
                node.value = (start, pos)
                if not outer:
                    break
                node, start, element = outer.pop()
            elif not text.startswith("#", pos):  # else: more comments than one match takes
                holder: _Node | None = node
                part: str | int = element
                key: Span | None = None
                if element >= 0:
                    element += 1
                else:
                    pos, holder, part, key = self._key(pos, node)
                inner = holder.child(part) if holder is not None and opens(text, pos) else None
                if inner is None:
                    pos = self._value(pos, holder, part, key)
                else:
                    inner.key = key
                    outer.append((node, start, element))
                    node, start, element = inner, pos, _first_element(text, pos)
                    pos += 1
        return pos


def _first_element(text: str, start: int) -> int:
    """Return the index of the first element, -1 for an inline table."""
    return 0 if text[start] == "[" else -1
