"""Changes of a TOML text by key path: everything that is not changed stays byte for byte.

An edit names a path and what is to stand there; where and how it is written
follows the text around it: its quotes, its indentation, its line ends. What
comes out is read again and compared with what was asked for, so that an edit
either does exactly what it says or is refused (`Unfit`).
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import tomli

from qtopo.source.layout import Layout
from qtopo.source.positions import index
from qtopo.source.statements import Statements
from qtopo.source.tokens import keys_before
from qtopo.source.values import key_text, value_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.source.layout import Change
    from qtopo.source.positions import Spans
    from qtopo.source.tokens import Span
    from qtopo.topology.finding import Edit, Path


class Unfit(Exception):  # noqa: N818
    """An edit that this text does not take; the text is as it was."""


def apply(text: str, data: dict[str, Any], edits: Sequence[Edit]) -> str:
    """Return the text with the edits made; `data` is what TOML reads in it.

    The edits may not touch the same value, nor take two neighbours out of a list.
    Raises Unfit where one of them is
    about what is not there, or where the text is laid out in a way that leaves
    no place for it.
    """
    expected = deepcopy(data)
    spans = index(text, set(_wanted(edits)))
    try:
        ordered = [_as_written(text, data, edit, spans) for edit in edits]
        ordered.sort(key=_late_items_first)
        for edit in ordered:
            _change(expected, edit)
        writer = _Writer(text, data, spans)
        changes: list[Change] = []
        for edit in ordered:
            changes += writer.changes(edit)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Unfit(str(error)) from None
    changed = _joined(text, changes)
    try:
        found = tomli.loads(changed)
    except (tomli.TOMLDecodeError, ValueError, RecursionError):
        raise Unfit("it would no longer be TOML") from None
    if not same(found, expected):
        raise Unfit("it would say something else")
    return changed


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike in type and content (to Python 1, 1.0 and true are equal)."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


def _as_written(text: str, data: Any, edit: Edit, spans: dict[Path, Spans]) -> Edit:
    """Return an edit that puts a fraction between quotes with the digits that stand there.

    Versions need it: 3.1 and 3.10 are the same number.
    """
    own = spans.get(edit.at.path)
    if edit.at.part == "value" and type(edit.new) is str and own is not None and own.value:
        old = _at(data, edit.at.path)
        if type(old) is float and edit.new == repr(old):
            return edit._replace(new=text[slice(*own.value)])
    return edit


def _late_items_first(edit: Edit) -> tuple[int, int]:
    """Sort what is taken out of lists last, from the end: the other items keep their index."""
    last = edit.at.path[-1]
    return (1, -last) if edit.new is None and isinstance(last, int) else (0, 0)


def _wanted(edits: Iterable[Edit]) -> Iterable[Path]:
    for edit in edits:
        path = edit.at.path
        yield from (path[:length] for length in range(1, len(path) + 1))
        if isinstance(path[-1], int):
            # The neighbours: commas stand between items.
            yield from ((*path[:-1], item) for item in range(max(0, path[-1] - 1), path[-1] + 2))


def _change(data: Any, edit: Edit) -> None:
    """Make the same change in the plain tables."""
    *above, last = edit.at.path
    for part in above:
        if edit.new == {} and isinstance(data, dict):
            data.setdefault(part, {})
        data = data[part]
    if edit.at.part == "key":
        if edit.new in data:
            raise ValueError(f"{edit.new!r} is there already")
        kept = [(edit.new if key == last else key, value) for key, value in data.items()]
        if last not in data:
            raise KeyError(last)
        data.clear()
        data.update(kept)
    elif edit.new is None:
        del data[last]
    elif isinstance(data, list) and last == len(data):
        data.append(edit.new)
    else:
        data[last] = edit.new


class _Writer:
    """Finds what an edit changes in a text; `spans` are the places of all that is edited."""

    def __init__(self, text: str, data: Any, spans: dict[Path, Spans]) -> None:
        self._text = text
        self._data = data
        self._spans = spans
        self._layout = Layout(text)
        self._statements = Statements(text)

    def changes(self, edit: Edit) -> list[Change]:
        """Return what is replaced. Raises KeyError, TypeError or ValueError where it cannot be."""
        path = edit.at.path
        own = self._spans.get(path)
        if edit.at.part == "key":
            return self._renamed(path, edit.new)
        if own is not None and edit.new is not None:
            if own.value is None:
                raise ValueError("it is a table of its own")
            old = self._text[slice(*own.value)]
            return [(*own.value, value_text(edit.new, old, _at(self._data, path)))]
        if isinstance(path[-1], int) and edit.new != {}:
            return self._item(path, edit.new)
        if edit.new is None:
            return self._without(path)
        return self._with(path, edit.new)

    def _renamed(self, path: Path, name: str) -> list[Change]:
        places = self._statements.names(path)
        if not places:
            raise KeyError(path[-1])
        return [(*span, key_text(name, self._text[slice(*span)])) for span in places]

    def _item(self, path: Path, new: Any) -> list[Change]:
        """Put an item at the end of a list, or take one out."""
        last = path[-1]
        parent, own = self._spans.get(path[:-1]), self._spans.get(path)
        if parent is None or not isinstance(last, int):
            raise KeyError(last)
        if parent.value is None:
            raise ValueError("it is a list of tables")
        neighbour = self._spans.get((*path[:-1], last - 1))
        before = neighbour and neighbour.value
        if new is not None:
            return self._layout.with_item(value_text(new), before, parent.value)
        if own is None or own.value is None:
            raise KeyError(last)
        return self._layout.without_item(own.value, before, parent.value)

    def _without(self, path: Path) -> list[Change]:
        """Take a key out, with its value: a line, or what stands between two commas."""
        own = self._spans.get(path)
        if own is None or own.key is None or own.value is None:
            raise ValueError("it is a table of its own")
        start = keys_before(self._text, own.key)[0][0]
        table = self._statements.braces(path)
        if table is None:
            return [self._layout.without_line((start, own.key[1]), own.value)]
        braces, others = self._braces(table), self._statements.inside(table)
        earlier = [one.span for one in others if one.end <= start]
        around = self._text[braces[0] : start] + self._text[own.value[1] : braces[1]]
        if len(others) == 1 and "#" not in around:
            return [(braces[0] + 1, braces[1] - 1, "")]
        before = earlier[-1] if earlier else None
        return self._layout.without_item((start, own.value[1]), before, braces)

    def _with(self, path: Path, new: Any) -> list[Change]:
        """Put a key in a table, the way that the table is written."""
        *_, last = path
        table = path[:-1]
        line = f"{key_text(str(last))} = {value_text(new)}"
        around = self._statements.spans.get(table)
        if around is not None and around.value is not None:
            if self._text[around.value[0]] != "{":
                raise KeyError(last)
            return self._between_braces(table, line)
        if around is not None and around.header is not None:
            if new != {} or self._holds_braces(table):
                return [self._layout.with_line(around.header, line)]
        elif table and (model := self._statements.below(table)) is not None:
            line = f"{model.prefix(self._text, table)}.{line}"
            inside = self._statements.braces(model.path)
            if inside is not None:
                return self._between_braces(inside, line)
            return [self._layout.with_line_below(model.span, line)]
        if new != {}:
            raise ValueError("the table has no header")
        return [self._layout.new_table(path, self._headers_beside(path))]

    def _between_braces(self, table: Path, item: str) -> list[Change]:
        others = self._statements.inside(table)
        if not others:
            return self._layout.with_item(f" {item} ", None, self._braces(table))
        return self._layout.with_item(item, others[-1].span, self._braces(table))

    def _braces(self, table: Path) -> Span:
        found = self._statements.spans[table].value
        if found is None:
            raise ValueError("the table has no braces")
        return found

    def _holds_braces(self, table: Path) -> bool:
        """Whether the tables in a table are written between braces, on lines of their own."""
        return any(
            spans.value is not None and self._text[spans.value[0]] == "{"
            for one, spans in self._statements.spans.items()
            if len(one) == len(table) + 1 and one[:-1] == table
        )

    def _headers_beside(self, path: Path) -> list[Span]:
        return [
            spans.header
            for one, spans in self._statements.headers.items()
            if one[: len(path) - 1] == path[:-1] and spans.header is not None
        ]


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _joined(text: str, changes: Sequence[Change]) -> str:
    parts = []
    pos = 0
    for start, end, new in sorted(set(changes)):
        if start < pos:
            raise Unfit("two edits touch the same text")
        parts += [text[pos:start], new]
        pos = end
    return "".join([*parts, text[pos:]])
