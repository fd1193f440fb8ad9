"""The literal writer: the same value again, and nothing for a formatter to do."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.emit.python_literal import (
    Call,
    Either,
    Item,
    Spread,
    assignment,
    comment,
    expression,
    string,
)

RUFF = [sys.executable, "-m", "ruff"]

any_text = st.text(st.characters(exclude_categories=()), max_size=120)
quotes = st.text("'\"\\ab\n\r\t{}%$\x00\x1b\x7f\xa0\u200b\u202e\u2028é字🐰\ud800", max_size=100)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    any_text,
    quotes,
    st.text("abc.-_", max_size=100),
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(any_text, quotes), inner, max_size=4),
    ),
    max_leaves=25,
)


def call(value: object) -> object:
    """Put calls in place of lists, to write those too."""
    if isinstance(value, list):
        return Call("f", tuple(call(one) for one in value), {"k": 1, "long_keyword": "x" * 20})
    if isinstance(value, dict):
        return Spread({key: call(one) for key, one in value.items()})
    if isinstance(value, tuple):
        return tuple(call(one) for one in value)
    return value


def ruff_format(text: str) -> str:
    done = subprocess.run(
        [*RUFF, "format", "--isolated", "-"],
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@settings(max_examples=500)
@given(values)
def test_the_source_is_the_value(value):
    found = eval(expression(value))
    assert found == value
    assert repr(found) == repr(value)


@settings(max_examples=300)
@given(st.one_of(any_text, quotes))
def test_a_string_stays_on_one_line_of_printable_text(text):
    for source in (string(text), string(text, ascii_only=True)):
        assert eval(source) == text
        assert source.isprintable()
        source.encode("utf-8")
    assert string(text, ascii_only=True).isascii()


@settings(max_examples=300)
@given(st.one_of(any_text, quotes))
def test_nothing_escapes_from_a_comment(text):
    source = comment(text)
    assert len(source.splitlines()) == 1
    assert source.isprintable()
    compile(source, "x", "exec")


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.tuples(st.integers(1, 60), values), min_size=20, max_size=40))
def test_ruff_format_has_nothing_to_do(pairs):
    lines = []
    for index, (length, value) in enumerate(pairs):
        lines.append(assignment("n" * length, value))
        lines.append(assignment(f"c{index}", call(value)))
    text = "\n".join(lines) + "\n"
    assert ruff_format(text) == text


@pytest.mark.parametrize("size", range(60, 100))
def test_ruff_agrees_where_lines_are_full(size):
    """Every width around the limit, for every form that changes there."""
    lines = [
        assignment("plain", "x" * (size - 10)),
        assignment("wide", "字" * (size // 2 - 5)),
        assignment("rabbit", "🐰" + "x" * (size - 12)),
        assignment("combining", "e\u0301" + "x" * (size - 12)),
        assignment("items", ["x" * (size - 30), 1, {"a": 2.5}]),
        assignment("alone", ("x" * (size - 12),)),
        assignment("nested", ([("x" * (size - 18), {})],)),
        assignment("spread", (Spread([("x" * (size - 20), 1)]),)),
        assignment("one", Spread(("x" * (size - 12),))),
        assignment("called", Call("Queue", ("x" * (size - 40),), {"routing_key": "y"})),
        assignment(
            "url",
            Either(Call("os.environ.get", ("V" * (size // 3),)), "amqp://" + "v" * (size // 3)),
        ),
        assignment("item", {"k": Item("EXCHANGES", "x" * 20), "l": "y" * (size - 40)}),
        assignment("empty", [Spread({}), Spread([]), (), "x" * (size - 30)]),
    ]
    text = "\n".join(lines) + "\n"
    assert ruff_format(text) == text


def test_floats_that_are_no_literals():
    assert expression(float("inf")) == 'float("inf")'
    assert eval(expression([float("-inf")])) == [float("-inf")]
    assert expression(1e300) == "1e300"


def test_either_is_evaluated_in_order():
    source = assignment("url", Either(Call("os.environ.get", ("X",)), "fallback"))
    for value, wanted in ((None, "fallback"), ("", "fallback"), ("set", "set")):
        names = {"os": SimpleNamespace(environ={"X": value})}
        exec(source, names)
        assert names["url"] == wanted


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="no literal for object"):
        expression({"a": [object()]})
