"""One line for each problem."""

from __future__ import annotations

from reports import place, problem, report

from qtopo.diagnostics.concise import render
from qtopo.topology.finding import Place

TEXT = "[a]\n\tb = 1\n"


def test_lines() -> None:
    problems = (
        problem(
            place(TEXT, "b"), "it is\nwrong", help="not shown", related=(("x", place(TEXT, "a")),)
        ),
        problem(place(TEXT, "1", "other\x1b.toml"), severity="warning", environment="staging"),
        problem(Place("gone.toml", (), None, None), severity="info"),
    )
    assert render(report(*problems, text=TEXT)) == (
        "topology.toml:2:2: error[QT101] some-rule: it is\\nwrong\n"
        "other\\x1b.toml:2:6: warning[QT101] some-rule: it is wrong (in environment 'staging')\n"
        "gone.toml: info[QT101] some-rule: it is wrong\n"
    )


def test_nothing_found() -> None:
    assert render(report(suppressed=1)) == ""


def test_colours() -> None:
    assert render(report(problem(place(TEXT, "b")), text=TEXT, color=True)) == (
        "\x1b[1mtopology.toml:2:2\x1b[0m: \x1b[1;31merror[QT101]\x1b[0m some-rule: it is wrong\n"
    )
