"""The position scanner: held against the parser, whose tree and values it must find again."""

from __future__ import annotations

import math
import re
import sysconfig
import time
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st
from toml_documents import DOCUMENTS

from qtopo.source.positions import Lines, Spans, index

if TYPE_CHECKING:
    from qtopo.topology.finding import Path

PARSER_DATA = File(sysconfig.get_path("stdlib"), "test", "test_tomllib", "data")
"""The standard library's own examples; distributions may leave them out."""


def tree(data: dict[str, Any]) -> dict[Path, Any]:
    """Return all paths of parsed TOML with their values; not recursive, for deep ones."""
    found: dict[Path, Any] = {}
    todo: list[tuple[Path, Any]] = [((), data)]
    while todo:
        path, value = todo.pop()
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for part, inner in pairs:
            found[(*path, part)] = inner
            if isinstance(inner, dict | list):
                todo.append(((*path, part), inner))
    return found


def same(one: Any, other: Any) -> bool:
    """Compare parsed values; NaN is itself, and 1 is neither 1.0 nor true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def inside(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] < inner[1] <= outer[1]


def verify(text: str) -> dict[Path, Spans]:
    """Hold every range of a document against the parser's tree; return the ranges."""
    values = tree(tomli.loads(text.removeprefix("\ufeff")))
    found = index(text)
    assert found.keys() == values.keys()
    for path, (key, value, header) in found.items():
        parent = found.get(path[:-1])
        if value is not None:
            assert same(tomli.loads("x = " + text[slice(*value)])["x"], values[path])
        else:
            assert isinstance(values[path], dict | list), path
        if isinstance(path[-1], str):
            assert key is not None
            assert tomli.loads(text[slice(*key)] + " = 1") == {path[-1]: 1}
        if header is not None:
            assert value is None
            assert key is not None
            assert inside(key, header)
            assert text[header[0]] == "["
            tomli.loads(text[slice(*header)])
        if parent is not None and parent.value is not None:
            assert value is None or inside(value, parent.value)
            assert key is None or inside(key, parent.value)
    return found


NASTY = {
    "empty": "",
    "only a comment": "# nothing",
    "no newline at the end": "a = 1",
    "byte-order mark": "\ufeffa = 1\n[b]\n",
    "byte-order mark alone": "\ufeff",
    "carriage returns": 'a = 1 # x\r\n\r\n[b]\r\nc = """\r\nd\\\r\n  e"""\r\nf = [\r\n1,\r\n]\r\n',
    "strings": r'''
a = "[x] # no \" comment = 1"
b = '[y] \'
c = """one "two" ""three"" \""" \\"""
d = """"quoted""""
e = """""two"""""
f = \'\'\'it''s\'\'\'
g = \'\'\'\'\'two\'\'\'\'\'
h = ""
i = ''
j = """"""
k = \'\'\'\'\'\'
l = """
[not.a.header]
not = "a key"
# nor a comment"""
m = \'\'\'
[[nor.this]]
\'\'\'
n = "\e\x41\u00e9\U0001F600\t\\"
'''.replace(r"\'", "'"),
    "keys": r"""
bare-key_1 = 1
1234 = 1
-- = 1
"" = 1
'' . a = 1
"a.b" = 1
'a"b' = 1
"a\"b]" . 'c#d' = 1
"\x41\e\u00e9\U0001F600\\\n" = 1
"ʎǝʞ" = 1
3.14159 = "pi"
true = 1
inf = 1
1979-05-27 = 1
a . b	.	c = 1
a.b.d = 1
a.e=1
""".replace("'' . a", "\"x y\" . ''"),
    "values": """
a=1
b = +1_000
c = 0xdead_beef
d = -1.5e+10
e = inf
f = -nan
g = true
h = 1979-05-27T07:32:00Z
i = 1979-05-27 07:32:00.999-07:00
j = 1979-05-27 # 07:32:00
k = 07:32
l = [1979-05-27 07:32:00,1979-05-27, 07:32:00]
m = {a=1979-05-27 07:32,b=1979-05-27}
n = 1979-05-27 07:32
""",
    "arrays": """
a = []
b = [ ]
c = [[],[ [ ] ]]
d = [1,2 , 3,]
e = [ # one ] "
  1 # two, ] '
  , # three [ {
  "four ] #", 'five ] #', \"\"\"six
]\"\"\", # seven
  # eight
]
f = [{}, { }, {a = [{b = 1}]}, [{c.d = 2}], ]
g = ["]", '[', "}", '{']
""",
    "inline tables": """
a = {}
b = { }
c = { x = 1, y.z = 2, y."w" = { v = 3 }, 'u' . t . s = [1, { r = 4 }] }
d = { # TOML 1.1 }
  x = 1, # one }
  y = { # two
  }
  , z = "}",

}
e = {a={b={c={d={}}}}}
""",
    "headers": """
[ a . "b" . 'c' ] # [comment]
x = 1
[a]
y = 1
[a.b]
z = 1
  [ d ]
[ "e.f" ]
["]"]
[g.'#']
""",
    "headers after use": """
[a.b.c]
[a.b]
[a]
d.e.f = 1
d.e.g = 2
[a.d.e.h]
""",
    "arrays of tables": """
[[routes]]
task = "a"
[[routes]] # again
[routes.extra]
x = 1
[[routes.inner]]
y = 1
[[routes.inner]]
z.w = 1
[routes.inner.deep.deeper]
[[routes]]
[[routes.inner]]
[ [1] ]
""".replace("[ [1] ]\n", ""),
    "array of tables before its parent": "[[a.b]]\nx = 1\n[a]\ny = 2\n[[a.b]]\n",
    "dotted keys around others": "a.b = 1\nc = 2\na.d.e = 3\na.d.f = {g.h = 1, g.i = 2}\n",
    "digits as keys and as indexes": '0 = [{0 = 1}]\n[[1]]\n0 = "x"\n["1.0"]\n',
    "everything in one line": 'a={b=[{c="#"},{d=["]"]}],e.f={}} # }',
    "tabs and unicode": '\ta\t=\t"日本語"\t# ☃\n\t["ключ"]\n\té = 1\n'.replace("é", '"é"'),
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_agrees_with_the_parser(text: str, newline: str) -> None:
    verify(re.sub("\r?\n", newline, text))


@pytest.mark.skipif(not PARSER_DATA.is_dir(), reason="this Python comes without its tests")
@pytest.mark.parametrize(
    "file", sorted(PARSER_DATA.rglob("valid/**/*.toml")), ids=lambda file: file.stem
)
def test_agrees_with_the_parser_on_its_own_examples(file: File) -> None:
    verify(file.read_bytes().decode())


def test_where_things_are() -> None:
    text = """\
# the shop
app.name = "shop"

[queues."e.mails"]  # fast
arguments = { "x-a" = 1,
  b = ["c", {d = 2}] }

[[routes]]
task = '''
shop'''
\t[[ routes ]]
[routes.headers]
"""
    lines = Lines(text)

    def range_of(span: tuple[int, int] | None) -> str:
        if span is None:
            return "-"
        (line, column), (last, end) = map(lines.position, span)
        return f"{line}:{column}-{end}" if line == last else f"{line}:{column}-{last}:{end}"

    assert {path: " ".join(map(range_of, spans)) for path, spans in index(text).items()} == {
        # path: key, value, header
        ("app",): "2:1-4 - -",
        ("app", "name"): "2:5-9 2:12-18 -",
        ("queues",): "4:2-8 - -",
        ("queues", "e.mails"): "4:9-18 - 4:1-19",
        ("queues", "e.mails", "arguments"): "5:1-10 5:13-6:23 -",
        ("queues", "e.mails", "arguments", "x-a"): "5:15-20 5:23-24 -",
        ("queues", "e.mails", "arguments", "b"): "6:3-4 6:7-21 -",
        ("queues", "e.mails", "arguments", "b", 0): "- 6:8-11 -",
        ("queues", "e.mails", "arguments", "b", 1): "- 6:13-20 -",
        ("queues", "e.mails", "arguments", "b", 1, "d"): "6:14-15 6:18-19 -",
        ("routes",): "8:3-9 - 8:1-11",
        ("routes", 0): "8:3-9 - 8:1-11",
        ("routes", 0, "task"): "9:1-5 9:8-10:8 -",
        ("routes", 1): "11:5-11 - 11:2-14",
        ("routes", 1, "headers"): "12:9-16 - 12:1-17",
    }


def test_a_header_of_its_own_outranks_the_first_mention() -> None:
    text = "[a.b]\n[c]\n[a]\n"
    assert index(text, [("a",)]) == {("a",): Spans((11, 12), None, (10, 13))}


def test_lines() -> None:
    lines = Lines("a\r\n☃b\n")
    assert [lines.position(offset) for offset in range(7)] == [
        (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1),
    ]  # fmt: skip
    assert lines.position(-5) == (1, 1)
    assert lines.position(99) == (3, 1)
    assert Lines("").position(0) == (1, 1)
    assert Lines("a\x0b\x0c\u2028b").position(4) == (1, 5)


def test_a_byte_order_mark_has_no_width() -> None:
    text = "\ufeffkey = 1\nb = 2"
    spans = index(text)
    assert spans["key",].key == (1, 4)
    lines = Lines(text)
    assert [lines.position(offset) for offset in (0, 1, 4, 9)] == [(1, 1), (1, 1), (1, 4), (2, 1)]


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_wanted_paths_have_the_same_ranges(text: str) -> None:
    everything = index(text)
    for path, spans in everything.items():
        assert index(text, {path}) == {path: spans}
    half = list(everything)[::2]
    assert index(text, half) == {path: everything[path] for path in half}
    assert index(text, list(everything)) == everything


def test_what_is_not_there_is_absent() -> None:
    text = "a = [1]\n[[b]]\n"
    wanted = [(), ("c",), ("a", 1), ("a", "0"), ("b", 1), ("b", 0, "x"), ("a", 0, 0), ("a", 0)]
    assert index(text, wanted) == {("a", 0): Spans(None, (5, 6), None)}
    assert index(text, []) == {}


@given(DOCUMENTS, st.data())
@settings(max_examples=300, deadline=None)
def test_agrees_with_the_parser_on_any_document(text: str, data: st.DataObject) -> None:
    everything = verify(text)
    if everything:
        wanted = data.draw(st.lists(st.sampled_from(list(everything)), max_size=5))
        assert index(text, wanted) == {path: everything[path] for path in wanted}


@given(st.text("ab1.=[]{},#\"'\\\n\r\t xuU-:é\ufeff", max_size=60))
@settings(max_examples=500, deadline=None)
def test_text_that_is_not_toml_does_no_harm(text: str) -> None:
    index(text)
    index(text, [("a",), ("a", "b"), ("a", 0, "b")])


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_broken_off_text_does_no_harm(text: str) -> None:
    for end in range(len(text)):
        index(text[:end])
        index(text[:end], [("a", "b")])


KEYS = ".".join("a" * 900)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 400 + "]" * 400,
        "x = " + "{a=[" * 200 + "]}" * 200,
        f"{KEYS} = 1\n[b.{KEYS}]\n[[c.{KEYS}]]\n",
    ],
    ids=["arrays", "inline tables", "keys"],
)
def test_nested_as_deep_as_the_parser_goes(text: str) -> None:
    assert index(text).keys() == tree(tomli.loads(text)).keys()


def test_paths_far_longer_than_any_stack() -> None:
    keys = ".".join("a" * 500)
    text = "x = " + f"{{{keys}=" * 300 + "1" + "}" * 300
    tomli.loads(text)
    path = ("x", *"a" * (500 * 300))
    (spans,) = index(text, [path]).values()
    assert spans.value == (text.index("1"), text.index("1") + 1)


MANY = 200_000
LARGE = {
    "comments": "#\n" * MANY,
    "comments in an array": "a = [" + "#,]\n" * MANY + "1]",
    "blank lines": "\n" * MANY + " " * MANY + "a = 1",
    "quotes in a comment": "a = 1 #" + '"x ' * MANY + "\n" + "b.c = 1 #'" + '"' * MANY,
    "escapes": 'a = "' + r"\"" * MANY + '"\nb = """' + r'\"" ' * MANY + '"""',
    "quotes": "a = '''" + "'' " * MANY + "'''\nb = \"\"\"" + '"" ' * MANY + '"""',
    "escapes in a key": '"' + r"\x41" * MANY + '" = 1',
    "long key": "a" * MANY + " " * MANY + ". b" + " " * MANY + "= 1",
    "array": "a = [" + '"x\\"", ' * MANY + "]",
    "array of arrays": "a = [" + "[1, [2]], " * (MANY // 4) + "]",
    "inline tables": "a = [" + "{b = 1, 'c'.d = [2]}," * (MANY // 8) + "]",
    "keys": "".join(f"k{number} = {number}\n" for number in range(MANY // 4)),
    "dotted keys": "".join(f"a.k{number}.'x' = {number}\n" for number in range(MANY // 8)),
    "headers": "".join(f"[a.t{number}]\n" for number in range(MANY // 8)),
    "array of tables": "[[a.b]]\n[a.b.c]\n" * (MANY // 16),
}


@pytest.mark.parametrize("wanted", [None, [("a",)], [("z",)]], ids=["all", "wanted", "none"])
@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_large_texts_take_linear_time(text: str, wanted: list[Path] | None) -> None:
    # A hundred times what it takes; anything quadratic would take minutes.
    start = time.process_time()
    found = index(text, wanted)
    assert time.process_time() - start < 20
    assert len(found) <= (MANY * 2 if wanted is None else 1)


@pytest.mark.parametrize("name", ["keys", "array", "array of tables"])
def test_wanted_paths_alone_are_kept(name: str) -> None:
    import tracemalloc

    text = LARGE[name]
    tracemalloc.start()
    try:
        index(text, [("a", 5), ("k7",), ("a", "b", 3, "c")])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000
