"""The report for programs: the shape that scripts rely on."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import place, problem, report

from qtopo.diagnostics.json_ import render
from qtopo.topology.finding import Place, put

TEXT = '[[routes]]\nqueue = "é"\n'

OPTIONAL_TEXT = (str, type(None))
PLACE = {"file": str, "path": list, "start": (dict, type(None)), "end": (dict, type(None))}
SHAPES: dict[str, dict[str, Any]] = {
    "report": {"format_version": int, "files": list, "diagnostics": list, "summary": dict},
    "diagnostic": {
        **dict.fromkeys(("rule", "code", "severity", "message"), str),
        "help": OPTIONAL_TEXT,
        **PLACE,
        "related": list,
        "docs": str,
        "environment": OPTIONAL_TEXT,
        "fix": (dict, type(None)),
    },
    "fix": {"message": str, "safe": bool},
    "related": {"message": str, **PLACE},
    "position": {"line": int, "column": int},
    "summary": dict.fromkeys(("error", "warning", "info", "suppressed"), int),
}


def conform(value: Any, shape: str) -> None:
    """Fail unless an object has exactly the keys of a shape, in order, and their types."""
    assert type(value) is dict
    assert list(value) == list(SHAPES[shape])
    for key, kind in SHAPES[shape].items():
        assert isinstance(value[key], kind), (shape, key)
    for key in ("start", "end"):
        if value.get(key) is not None:
            conform(value[key], "position")
            assert min(value[key].values()) >= 1


def validated(text: str) -> dict[str, Any]:
    """Return the parsed report, its shape checked throughout."""
    content: dict[str, Any] = json.loads(text)
    conform(content, "report")
    assert content["format_version"] == 1
    conform(content["summary"], "summary")
    for one in content["diagnostics"]:
        conform(one, "diagnostic")
        assert one["severity"] in content["summary"]
        assert all(type(part) in (str, int) for part in one["path"])
        if one["fix"] is not None:
            conform(one["fix"], "fix")
        for related in one["related"]:
            conform(related, "related")
    return content


def test_the_whole_of_it() -> None:
    one = problem(
        place(TEXT, '"é"'),
        "queue 'é' is not declared",
        help="declare it",
        related=(("the route", place(TEXT, "[[routes]]")),),
        environment="staging",
        fix=put(("routes", 0, "queue"), "emails"),
    )
    assert render(report(one, text=TEXT, suppressed=2)) == dedent("""\
        {
          "format_version": 1,
          "files": [
            "topology.toml"
          ],
          "diagnostics": [
            {
              "rule": "some-rule",
              "code": "QT101",
              "severity": "error",
              "message": "queue 'é' is not declared",
              "help": "declare it",
              "file": "topology.toml",
              "path": [
                "a",
                0
              ],
              "start": {
                "line": 2,
                "column": 9
              },
              "end": {
                "line": 2,
                "column": 12
              },
              "related": [
                {
                  "message": "the route",
                  "file": "topology.toml",
                  "path": [
                    "a",
                    0
                  ],
                  "start": {
                    "line": 1,
                    "column": 1
                  },
                  "end": {
                    "line": 1,
                    "column": 11
                  }
                }
              ],
              "docs": "https://example.org/rules#some-rule",
              "environment": "staging",
              "fix": {
                "message": "write 'emails'",
                "safe": true
              }
            }
          ],
          "summary": {
            "error": 1,
            "warning": 0,
            "info": 0,
            "suppressed": 2
          }
        }
        """)


def test_nothing_found() -> None:
    content = validated(render(report(files=("a.toml", "b.toml"))))
    assert content["files"] == ["a.toml", "b.toml"]
    assert content["diagnostics"] == []
    assert content["summary"] == {"error": 0, "warning": 0, "info": 0, "suppressed": 0}


def test_no_text_no_position() -> None:
    spot = Place("gone.toml", ("app",), None, None)
    one = problem(spot, severity="warning", related=(("x", spot),))
    content = validated(render(report(one, one._replace(severity="info"))))
    assert content["summary"] == {"error": 0, "warning": 1, "info": 1, "suppressed": 0}
    for place_ in (content["diagnostics"][0], content["diagnostics"][0]["related"][0]):
        assert (place_["start"], place_["end"]) == (None, None)


@pytest.mark.parametrize(
    "name", ["\ud800", "x\udcff", "\x1b\x7f\x9b\x00", "\u2028\u202e", "日本\n"]
)
def test_troublesome_names_survive(name: str) -> None:
    output = render(report(problem(Place(name, (name,), None, None), name), files=(name,)))
    assert output.encode()
    assert output.replace("\n", "").isprintable()
    (one,) = validated(output)["diagnostics"]
    assert one["message"] == one["file"] == one["path"][0] == name


def test_ascii_where_the_output_takes_no_more() -> None:
    one = problem(place(TEXT, '"é"'), "日本 \U0001f600")
    output = render(report(one, unicode=False))
    assert output.isascii()
    assert validated(output) == validated(render(report(one)))


@given(st.text(st.characters()), st.lists(st.text() | st.integers(0)))
def test_any_text_comes_back(message: str, path: list[str | int]) -> None:
    output = render(report(problem(Place(message, tuple(path), None, None), message)))
    output.encode()
    (one,) = validated(output)["diagnostics"]
    assert (one["message"], one["path"]) == (message, path)
