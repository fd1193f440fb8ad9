"""Edits of a text: each layout that people write, whole texts compared."""

from __future__ import annotations

from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from qtopo.source.edits import Unfit, apply, same
from qtopo.source.writer import dump
from qtopo.topology.finding import At, Edit
from qtopo.topology.topology import Topology
from strategies import topologies


def put(*path: str | int, new: Any) -> Edit:
    return Edit(At(path), new)


def name(*path: str | int, new: str) -> Edit:
    return Edit(At(path, "key"), new)


def edited(text: str, *edits: Edit) -> str:
    return apply(text, tomli.loads(text), edits)


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        # Values take on the quotes of the old one, where they can.
        ('a = "x" # c', put("a", new="y"), 'a = "y" # c'),
        ("a = 'x'", put("a", new="y"), "a = 'y'"),
        ("a = 'x'", put("a", new="it's"), 'a = "it\'s"'),
        ('a = """x"""', put("a", new='q"\\\n\x01'), 'a = "q\\"\\\\\\n\\u0001"'),
        ('a = "4"', put("a", new=4), "a = 4"),
        ("a = 4.10", put("a", new="4.1"), 'a = "4.10"'),
        ("a = 4", put("a", new="4"), 'a = "4"'),
        ("a.b = 'x'", put("a", "b", new=True), "a.b = true"),
        ("t = {a = 1, b = 'x'}", put("t", "b", new="y"), "t = {a = 1, b = 'y'}"),
        # Wrapping keeps what is wrapped.
        ("a = '''x'''", put("a", new=["x"]), "a = ['''x''']"),
        # Keys.
        ("aa = 1", name("aa", new="b"), "b = 1"),
        ('"aa" = 1', name("aa", new="b"), '"b" = 1'),
        ("'aa' = 1", name("aa", new="b"), "'b' = 1"),
        ("aa = 1", name("aa", new="b c"), '"b c" = 1'),
        ("x.aa.y = 1", name("x", "aa", new="b"), "x.b.y = 1"),
        ("[t]\n[t.aa] # c\n[t.aa.x]", name("t", "aa", new="b"), "[t]\n[t.b] # c\n[t.b.x]"),
        ("[aa.x]\n[ 'aa' . y]\n", name("aa", new="b"), "[b.x]\n[ 'b' . y]\n"),
        ("[[aa]]\n[aa.x]\n[[aa]]\n", name("aa", new="b"), "[[b]]\n[b.x]\n[[b]]\n"),
        ("[t]\na.x = 1\n'a' . y = 2\n", name("t", "a", new="b"), "[t]\nb.x = 1\n'b' . y = 2\n"),
        ("t = {aa = 1, b = 2} # c", name("t", "aa", new="c"), "t = {c = 1, b = 2} # c"),
        ("t = {x.aa = 1, x.b = 2}", name("t", "x", new="c"), "t = {c.aa = 1, c.b = 2}"),
        ("a = [{b = 1}, {b = 2}]", name("a", 1, "b", new="c"), "a = [{b = 1}, {c = 2}]"),
        ('t."a\\"b".x = 1', name("t", 'a"b', new="c"), 't."c".x = 1'),
        # Keys into a table in braces, or one made by dots, and out of it.
        ("t = {a = 1}", put("t", "b", new="x"), 't = {a = 1, b = "x"}'),
        ("t = { a = 1 } # c", put("t", "b", new=2), "t = { a = 1, b = 2 } # c"),
        ("t = {}", put("t", "b", new=2), "t = { b = 2 }"),
        ("t = {\n  a = 1 # c\n}", put("t", "b", new=2), "t = {\n  a = 1, # c\n  b = 2\n}"),
        ("t = {\n  a = 1\n, }", put("t", "b", new=2), "t = {\n  a = 1\n, \n  b = 2,}"),
        ("t = { a = 1, b = 2 }", put("t", "a", new=None), "t = { b = 2 }"),
        ("t = { a = 1, b = 2 }", put("t", "b", new=None), "t = { a = 1 }"),
        ("t = { a = 1 }", put("t", "a", new=None), "t = {}"),
        ("t = {x.a = 1, x.b = 2}", put("t", "x", "a", new=None), "t = {x.b = 2}"),
        ("t = {x.a = 1, y = 2}", put("t", "x", "b", new=3), "t = {x.a = 1, y = 2, x.b = 3}"),
        ("  t.a = 1 # c\nu = 2\n", put("t", "b", new=2), "  t.a = 1 # c\n  t.b = 2\nu = 2\n"),
        ("t.a = 1\nt.b = 2\n", put("t", "b", new=None), "t.a = 1\n"),
        ("q = { a = {} }", put("q", "x", new={}), "q = { a = {}, x = {} }"),
        ("q.a = {}\n", put("q", "x", new={}), "q.a = {}\nq.x = {}\n"),
        ("[q]\na = { b = 1 }\n", put("q", "x", new={}), "[q]\nx = {}\na = { b = 1 }\n"),
        # Items out of a list.
        ("a = [1, 2, 3]", put("a", 0, new=None), "a = [2, 3]"),
        ("a = [1, 2, 3]", put("a", 1, new=None), "a = [1, 3]"),
        ("a = [1, 2, 3]", put("a", 2, new=None), "a = [1, 2]"),
        ("a = [1, 2, ]", put("a", 1, new=None), "a = [1, ]"),
        ("a = [1]", put("a", 0, new=None), "a = []"),
        ("a = [\n 1,\n 2,\n]", put("a", 1, new=None), "a = [\n 1,\n]"),
        ("a = [\n 1,\n 2\n]", put("a", 1, new=None), "a = [\n 1\n]"),
        ("a = [\r\n 1, # x\r\n 2 # y\r\n]", put("a", 1, new=None), "a = [\r\n 1 # x\r\n # y\r\n]"),
        ("a = [\n 1, # ,\n 2, # y,\n]", put("a", 0, new=None), "a = [\n # ,\n 2, # y,\n]"),
        ("a = ['#,', 2]", put("a", 1, new=None), "a = ['#,']"),
        ("a = [{x = [1]}, 2]", put("a", 0, new=None), "a = [2]"),
        # Items into a list.
        ("a = []", put("a", 0, new="x"), 'a = ["x"]'),
        ("a = [1]", put("a", 1, new=2), "a = [1, 2]"),
        ("a = [1,]", put("a", 1, new=2), "a = [1, 2,]"),
        ("a = [ 1 ]", put("a", 1, new=2), "a = [ 1, 2 ]"),
        ("a = [\n  1, # c,\n]", put("a", 1, new=2), "a = [\n  1, # c,\n  2,\n]"),
        ("a = [\r\n\t1 # c\r\n]", put("a", 1, new=2), "a = [\r\n\t1, # c\r\n\t2\r\n]"),
        ("a = [\n  1,\n  2\n]", put("a", 2, new=3), "a = [\n  1,\n  2,\n  3\n]"),
        # Lines out of a table, and into one.
        ("a = 1\nb = 2 # c\nc = 3\n", put("b", new=None), "a = 1\nc = 3\n"),
        ("a = 1\r\nb = [\r\n2]", put("b", new=None), "a = 1"),
        ("b = 2", put("b", new=None), ""),
        ("[t] # c\n[u]\n", put("t", "b", new=True), "[t] # c\nb = true\n[u]\n"),
        ("  [t]\r\n  a = 1\r\n", put("t", "b", new=1), "  [t]\r\n  b = 1\r\n  a = 1\r\n"),
        # New tables: behind the last one beside them.
        ("", put("q", "x", new={}), "[q.x]\n"),
        ("a = 1", put("q", "a b", new={}), 'a = 1\n\n[q."a b"]\n'),
        ("[q.a]\n[q.b]\n\n[w]\n", put("q", "x", new={}), "[q.a]\n[q.b]\n[q.x]\n\n[w]\n"),
        (
            "[q.a]\nx = 1\n\n# about w\n[w]\n",
            put("q", "x", new={}),
            "[q.a]\nx = 1\n\n[q.x]\n\n# about w\n[w]\n",
        ),
        ("[q.a]\r\nx = 1\r\n", put("q", "x", new={}), "[q.a]\r\nx = 1\r\n\r\n[q.x]\r\n"),
    ],
)
def test_one_edit(before: str, edit: Edit, after: str) -> None:
    assert edited(before, edit) == after


def test_edits_are_made_together() -> None:
    text = "# é\nq = ['a', 'b', 'a', 'b']\n[t]\nbb = '1' # 🐰\n"
    edits = [
        put("q", 3, new=None),
        put("q", 0, new="c"),
        put("q", 1, new=None),
        put("t", "bb", new=1),
    ]
    assert edited(text, *edits) == "# é\nq = ['c', 'a']\n[t]\nbb = 1 # 🐰\n"


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("a = 1", name("a", new="a")),
        ("a = 1\nb = 2", name("a", new="b")),
        ("a = 1", name("c", new="b")),
        ("[t]", put("t", new="x")),
        ("t.a = 1", put("t", "a", new=None)),
        ("t = { # c\n}", put("t", "a", new=1)),
        ("t = [{}]", put("t", "a", new=1)),
        ("[t.u]", put("t", "b", new=1)),
        ("[[t]]\n", put("t", 0, new=None)),
        ("[[t]]\n", put("t", 1, new={})),
        ("a = [ # c\n]", put("a", 0, new=1)),
        ("a = [1]", put("a", 3, new=None)),
        ("a = [1]", put("a", "x", new=1)),
        ("a = 1", put("a", "x", new=1)),
        ("a = 1", put("b", "c", new=1)),
        ("x = {a = [\n[9]]}\n[q.a]\ny = [\n[1],\n]", put("q", "b", new={})),
    ],
)
def test_what_has_no_place_is_refused(text: str, edit: Edit) -> None:
    with pytest.raises(Unfit):
        edited(text, edit)


def test_sameness_tells_what_python_does_not() -> None:
    assert same({"a": [1, float("nan")]}, {"a": [1, float("nan")]})
    for one, other in ((1, True), (1, 1.0), ([1], [1, 2]), ({"a": 1}, {"b": 1}), ("1", 1)):
        assert not same(one, other)


@given(topologies(), st.data())
def test_a_value_anywhere_can_be_put_and_put_back(table: dict[str, Any], data: Any) -> None:
    topology, findings = Topology.from_data(table)
    assert not findings
    text = dump(topology)
    found = tomli.loads(text)
    spots = [(path, value) for path, value in leaves(found, ()) if path]
    path, value = data.draw(st.sampled_from(spots))
    new = data.draw(st.text(max_size=9) | st.integers(-(2**40), 2**40) | st.booleans())
    changed = edited(text, Edit(At(path), new))
    assert same(at(tomli.loads(changed), path), new)
    # Only the line of the value is another.
    assert len(set(changed.split("\n")) - set(text.split("\n"))) <= 1
    assert same(tomli.loads(edited(changed, Edit(At(path), value))), found)


def leaves(value: Any, path: tuple[Any, ...]) -> Any:
    """Yield every plain value; not floats, which TOML writes in several ways."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*path, index))
    elif not isinstance(value, float):
        yield path, value


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value
