"""The table of output formats."""

from __future__ import annotations

import pytest
from reports import place, problem, report

from qtopo.diagnostics.formats import FORMATS, renderer

TEXT = "a = 1\n"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders(name: str) -> None:
    render = renderer(name)
    output = render(report(problem(place(TEXT, "1")), text=TEXT))
    assert "it is wrong" in output
    assert output.endswith("\n")
    assert isinstance(render(report()), str)


def test_an_unknown_format() -> None:
    with pytest.raises(KeyError):
        renderer("yaml")


def test_counts_are_of_every_severity() -> None:
    spot = place(TEXT, "1")
    one = report(problem(spot, severity="info"), problem(spot))
    assert list(one.counts().items()) == [("error", 1), ("warning", 0), ("info", 1)]
