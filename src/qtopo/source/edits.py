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
from qtopo.source.positions import Spans, index
from qtopo.source.values import key_text, value_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.source.layout import Change
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
        headers = _headers(text, edits)
        layout = Layout(text)
        changes: list[Change] = []
        for edit in ordered:
            changes += _changes(layout, data, edit, spans, headers)
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


def _headers(text: str, edits: Sequence[Edit]) -> dict[Path, Spans]:
    """Return every path that has a header, where an edit has to know the others around it."""
    if not any(one.at.part == "key" or one.new == {} for one in edits):
        return {}
    return {path: spans for path, spans in index(text).items() if spans.header is not None}


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


def _changes(
    layout: Layout,
    data: Any,
    edit: Edit,
    spans: dict[Path, Spans],
    headers: dict[Path, Spans],
) -> list[Change]:
    """Return what an edit changes in the text."""
    path = edit.at.path
    own = spans.get(path)
    parent = spans.get(path[:-1]) if path[1:] else Spans(None, None, None)
    if edit.at.part == "key":
        places = _names(layout.text, path, own, headers)
        return [(*span, key_text(edit.new, layout.text[slice(*span)])) for span in places]
    if own is not None and edit.new is not None:
        if own.value is None:
            raise ValueError("it is a table of its own")
        return [(*own.value, value_text(edit.new, layout.text[slice(*own.value)], _at(data, path)))]
    if own is None and edit.new == {}:
        return [
            layout.new_table(path, [one.header for one in _siblings(path, headers) if one.header])
        ]
    if parent is None:
        raise KeyError(path[-1])
    if isinstance(path[-1], int):
        if parent.value is None:
            raise ValueError("it is a list of tables")
        before = spans.get((*path[:-1], path[-1] - 1))
        if edit.new is None:
            if own is None or own.value is None:
                raise KeyError(path[-1])
            return layout.without_item(own.value, before and before.value, parent.value)
        return layout.with_item(value_text(edit.new), before and before.value, parent.value)
    inline = parent.value is not None
    if edit.new is None:
        if own is None or own.key is None or own.value is None:
            raise ValueError("it is a table of its own")
        if inline:
            raise ValueError("it stands in an inline table")
        return [layout.without_line(own.key, own.value)]
    if inline or parent.header is None:
        raise ValueError("the table has no header")
    return [layout.with_line(parent.header, f"{key_text(str(path[-1]))} = {value_text(edit.new)}")]


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _names(
    text: str, path: Path, own: Spans | None, headers: dict[Path, Spans]
) -> list[tuple[int, int]]:
    """Return every place where a key is written: its own, and in the headers below it."""
    from qtopo.source.tokens import SPACES, after, keys

    depth = sum(isinstance(part, str) for part in path) - 1
    places = set() if own is None or own.key is None else {own.key}
    for one, spans in headers.items():
        if one[: len(path)] == path and spans.header is not None:
            start = spans.header[0]
            brackets = 2 if text.startswith("[[", start) else 1
            _, parts = keys(text, after(SPACES, text, start + brackets))
            places.add(parts[depth][1])
    if not places:
        raise KeyError(path[-1])
    return sorted(places)


def _siblings(path: Path, headers: dict[Path, Spans]) -> Iterable[Spans]:
    return (spans for one, spans in headers.items() if one[: len(path) - 1] == path[:-1])


def _joined(text: str, changes: Sequence[Change]) -> str:
    parts = []
    pos = 0
    for start, end, new in sorted(set(changes)):
        if start < pos:
            raise Unfit("two edits touch the same text")
        parts += [text[pos:start], new]
        pos = end
    return "".join([*parts, text[pos:]])
