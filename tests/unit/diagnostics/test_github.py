"""The report as workflow commands: the whole output, read back as GitHub's runner reads it."""

from __future__ import annotations

import re

from goldens import agrees, everything
from hypothesis import example, given
from hypothesis import strategies as st
from reports import problem, report

from qtopo.diagnostics.github import render
from qtopo.topology.finding import Place, Position

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
ESCAPES = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


def unescaped(text: str, *, prop: bool) -> str:
    for escape, character in ESCAPES:
        if prop or escape not in ("%3A", "%2C"):
            text = text.replace(escape, character)
    return text


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Split a command as `actions/runner` does: at `::`, commas, and the first `=`."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    pairs = (pair.split("=", 1) for pair in found[2].split(","))
    properties = {key: unescaped(value, prop=True) for key, value in pairs}
    return found[1], properties, unescaped(found[3], prop=False)


def test_the_whole_output() -> None:
    agrees("report.github.txt", render(everything()))


def test_nothing_if_all_is_good() -> None:
    assert render(report()) == ""


def test_no_secret() -> None:
    assert "hunter2" not in render(everything())


@given(
    st.text(min_size=1).filter(str.isprintable),
    st.text("ab,:%=;é ", min_size=1, max_size=9),
    st.sampled_from(["error", "warning", "info"]),
)
@example("::error::x%0A", "a,b:c%2C=d", "error")
def test_what_the_runner_reads_is_what_was_said(message: str, name: str, severity: str) -> None:
    spot = Place(f"x{name}.toml", (), Position(3, 5), Position(4, 1))
    text = render(report(problem(spot, message, severity=severity)))
    command, properties, said = read(text.removesuffix("\n"))
    assert command == {"info": "notice"}.get(severity, severity)
    assert said == message
    assert properties == {
        "title": "QT101 some-rule",
        "file": f"x{name}.toml",
        "line": "3",
        "col": "5",
        "endLine": "4",
        "endColumn": "1",
    }


@given(st.text(min_size=1))
def test_no_text_makes_a_second_command(message: str) -> None:
    one = problem(Place("a.toml", (), None, None), message, help=message)
    assert len(render(report(one)).splitlines()) == 1
