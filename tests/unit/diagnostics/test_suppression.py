"""Which diagnostics comments waive: found fast, and the same as by looking at each pair."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from qtopo.diagnostics.diagnostic import Diagnostic
from qtopo.diagnostics.suppression import Waiver, sift, waivers
from qtopo.topology.finding import Place, Position

RULES = {"one": "QT101", "two": "QT102"}


class Comment(NamedTuple):
    offset: int
    text: str
    first: int = 1
    last: int = 1


def diagnostic(rule, line, last, file="a"):
    place = Place(file, (), Position(line, 1), Position(last, 9))
    return Diagnostic(rule, RULES[rule], "error", f"{line}", None, place, (), "")


def test_names_have_spans():
    text = "# why; #qtopo:ignore[ one , QT102,] # qtopo: ignore [two] because [of] this"
    found = waivers([Comment(100, text)])
    assert [one.name for one in found] == ["one", "QT102", "two"]
    assert [text[one.span[0] - 100 : one.span[1] - 100] for one in found] == ["one", "QT102", "two"]
    assert [set(one.together) for one in found] == [{"one", "QT102"}] * 2 + [{"two"}]


def test_what_is_no_suppression():
    for text in (
        "# ignore[one]",
        "# qtopo: ignored[one]",
        "# qtopo ignore[one]",
        "# QTOPO: ignore[one]",
    ):
        assert waivers([Comment(0, text)]) == []


def test_a_comment_without_names():
    for text in (
        "# qtopo: ignore",
        "# qtopo: ignore[]",
        "# qtopo: ignore[ , ]",
        "# qtopo: ignore[one",
    ):
        (found,) = waivers([Comment(5, text)])
        assert found.name == ""
        assert found.span[0] == 5


@st.composite
def nested(draw):
    """Waivers of lines, and of tables that lie in one another or apart."""
    some: list[Waiver] = []

    def table(first, last, depth):
        for _ in range(draw(st.integers(0, 2))):
            if last - first < 2 or depth == 3:
                return
            low = draw(st.integers(first, last - 1))
            high = draw(st.integers(low + 1, last))
            some.append(waiver(low, high))
            table(low + 1, high, depth + 1)
            first = high + 1

    def waiver(first, last):
        name = draw(st.sampled_from([*RULES, *RULES.values(), ""]))
        return Waiver(name, (0, 0), first, last, frozenset({name}))

    table(1, 25, 0)
    lines = draw(st.lists(st.integers(1, 25), max_size=4))
    some += [waiver(line, line) for line in lines]
    return draw(st.permutations(some))


@given(
    nested(),
    st.lists(
        st.tuples(st.sampled_from(sorted(RULES)), st.integers(1, 25), st.integers(0, 2)), max_size=8
    ),
    st.booleans(),
)
def test_as_by_looking_at_each_pair(some, places, waivable):
    found = [diagnostic(rule, line, line + more) for rule, line, more in places]

    def waives(one, diagnosed):
        first, last = diagnosed.place.start.line, diagnosed.place.end.line
        lines = (first, last) if one.first == one.last else (first,)
        return (
            waivable
            and one.name in (diagnosed.rule, diagnosed.code)
            and any(one.first <= line <= one.last for line in lines)
        )

    kept, idle = sift(found, {"a": some, "b": []}, lambda _: waivable)
    assert kept == [one for one in found if not any(waives(other, one) for other in some)]
    assert [id(one) for one in idle["a"]] == [
        id(one) for one in some if not any(waives(one, other) for other in found)
    ]


def test_files_are_told_apart():
    one = Waiver("one", (0, 0), 1, 1, frozenset({"one"}))
    here, there = diagnostic("one", 1, 1), diagnostic("one", 1, 1, file="b")
    assert sift([here, there], {"a": [one]}, lambda _: True) == ([there], {"a": []})
