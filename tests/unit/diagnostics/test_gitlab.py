"""The report as GitLab's code quality: the whole file, and fingerprints that tell all apart."""

from __future__ import annotations

import json
from typing import Any

from goldens import agrees, everything
from hypothesis import given
from hypothesis import strategies as st
from reports import place, problem, report

from qtopo.diagnostics.gitlab import render
from qtopo.topology.finding import Place

SHAPE = {
    "description": str,
    "check_name": str,
    "fingerprint": str,
    "severity": str,
    "location": dict,
}
SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def validated(text: str) -> list[dict[str, Any]]:
    """Return the issues; each has what GitLab requires, and no fingerprint comes twice."""
    issues: list[dict[str, Any]] = json.loads(text)
    for one in issues:
        assert {key: type(value) for key, value in one.items()} == SHAPE
        assert one["severity"] in SEVERITIES
        assert not one["location"]["path"].startswith("./")
        assert one["location"]["lines"]["begin"] >= 1
    assert len({one["fingerprint"] for one in issues}) == len(issues)
    return issues


def test_the_whole_file() -> None:
    text = render(everything())
    validated(text)
    agrees("report.gitlab.json", text)


def test_an_empty_list_if_all_is_good() -> None:
    assert render(report()) == "[]\n"


def test_no_secret() -> None:
    assert "hunter2" not in render(everything())


def test_a_fingerprint_is_of_the_rule_the_file_the_path_and_the_overlay_alone() -> None:
    def mark(**changes: Any) -> str:
        one = problem(place("x", "x"), "said")._replace(**changes)
        return str(validated(render(report(one)))[0]["fingerprint"])

    spot = Place("topology.toml", ("a", 0), None, None)
    assert mark() == mark(message="said otherwise", help="x") == mark(place=spot)
    others = [
        mark(code="QT999"),
        mark(environment="staging"),
        mark(place=spot._replace(file="other.toml")),
        mark(place=spot._replace(path=("a", 1))),
        mark(place=spot._replace(path=("a", "0"))),
    ]
    assert len({mark(), *others}) == 6


@given(
    st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["a.toml", "./a.toml"])), max_size=6)
)
def test_any_texts(texts: list[tuple[str, str]]) -> None:
    found = [problem(Place(file, (name,), None, None), name) for name, file in texts]
    validated(render(report(*found)))
