"""Edits of any document TOML can hold: they say what was asked for, and keep the rest.

The documents write their tables in every way: under headers, between braces, with dotted keys,
over several lines, with comments in between.
"""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
import tomli
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toml_documents import DOCUMENTS

from qtopo.source.comments import comments
from qtopo.source.edits import Unfit, apply, same
from qtopo.topology.finding import At, Edit

MANY = settings(deadline=None, max_examples=300)
NEW = 'new "name"'


def tables(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Yield the path of every table, and the table."""
    if isinstance(value, dict):
        yield path, value
        for key, one in value.items():
            yield from tables(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from tables(one, (*path, place))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def remarks(text: str) -> Counter[str]:
    return Counter(one.text for one in comments(text))


def read(text: str) -> tuple[str, dict[str, Any]]:
    text = text.removeprefix("\ufeff")
    return text, tomli.loads(text)


def drawn_key(found: dict[str, Any], data: st.DataObject) -> tuple[Any, ...]:
    keys = [(*path, key) for path, table in tables(found) for key in table]
    assume(keys)
    chosen: tuple[Any, ...] = data.draw(st.sampled_from(keys))
    return chosen


@MANY
@given(DOCUMENTS, st.data(), st.sampled_from([NEW, "plain", ""]))
def test_any_key_can_have_another_name(text: str, data: st.DataObject, name: str) -> None:
    text, found = read(text)
    path = drawn_key(found, data)
    expected = deepcopy(found)
    table = at(expected, path[:-1])
    assume(name not in table)
    table[name] = table.pop(path[-1])
    changed = apply(text, found, [Edit(At(path, "key"), name)])
    assert same(tomli.loads(changed), expected)
    assert remarks(changed) == remarks(text)
    assert changed.count("\n") == text.count("\n")
    # And back again, but for the way it is quoted.
    again = apply(changed, expected, [Edit(At((*path[:-1], name), "key"), path[-1])])
    assert same(tomli.loads(again), found)


@MANY
@given(DOCUMENTS, st.data(), st.sampled_from([5, "x", ["a", True], {}]))
def test_a_key_put_anywhere(text: str, data: st.DataObject, value: Any) -> None:
    text, found = read(text)
    path, _ = data.draw(st.sampled_from(list(tables(found))))
    expected = deepcopy(found)
    assume(NEW not in at(expected, path))
    at(expected, path)[NEW] = value
    try:
        changed = apply(text, found, [Edit(At((*path, NEW)), value)])
    except Unfit as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        # In a table that is written out there always is room.
        assert not path or value == {} or re.search("no header|comments alone", refusal)
        return
    assert same(tomli.loads(changed), expected)
    assert remarks(changed) == remarks(text)
    # Nothing goes but blanks: all there was is there, in order.
    rest = iter(changed)
    assert all(character in rest for character in text if not character.isspace())


@MANY
@given(DOCUMENTS, st.data())
def test_a_key_taken_out_anywhere(text: str, data: st.DataObject) -> None:
    text, found = read(text)
    path = drawn_key(found, data)
    expected = deepcopy(found)
    del at(expected, path[:-1])[path[-1]]
    try:
        changed = apply(text, found, [Edit(At(path), None)])
    except Unfit:
        return
    assert same(tomli.loads(changed), expected)
    gone = remarks(text) - remarks(changed)
    # Those in the value, and the one behind it.
    assert gone.total() <= 1 or isinstance(at(found, path), dict | list)
    assert not remarks(changed) - remarks(text)
    rest = iter(text)
    assert all(character in rest for character in changed)


ROOMY = [
    "t = {a = 1, b = 2}",
    "t = {\n  a = 1, # x\n  b = 2 # y\n}\n",
    "x = [{t = {a = 1, b.c = 2}}]",
    "t.a = 1\nt.b.c = 2 # z\n",
    "[u]\n  t.a = 1 # x\n  t.'b' = [\n 1] # y\n",
    "[[u]]\nt.a = 1\nt.c = 2\n[[u]]\nt.a = {}\nt.b = {}\n",
    '[q]\n"t" . a = 1\nt . b = 2\n',
    "[t]\na = 1\n[t.b]\n",
    "w = {t.a = 1, t.b = 2, c = 3}",
]


@pytest.mark.parametrize("text", ROOMY)
def test_there_is_room_in_every_table(text: str) -> None:
    found = tomli.loads(text)
    homes = [path for path, _ in tables(found) if path and path[-1] == "t"]
    for home in homes:
        for edit in (Edit(At((*home, "n")), 5), Edit(At((*home, "a")), None)):
            changed = apply(text, found, [edit])
            assert not same(tomli.loads(changed), found)
