"""The output formats of `qtopo check`: one module each, imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtopo.diagnostics.report import Report

FORMATS = {
    "full": "qtopo.diagnostics.full",
    "concise": "qtopo.diagnostics.concise",
    "json": "qtopo.diagnostics.json_",
    "sarif": "qtopo.diagnostics.sarif",
    "junit": "qtopo.diagnostics.junit",
    "github": "qtopo.diagnostics.github",
    "gitlab": "qtopo.diagnostics.gitlab",
}
"""Name to module; each module has `render(report: Report) -> str`.

The text is all there is to print: it ends with a newline unless it is empty.
"""

PROSE = ("full", "concise")
"""The formats that people read; the others are for programs."""

DESCRIBING = ("sarif",)
"""The formats that list all rules with what they are about (`Report.rules`)."""


def renderer(name: str) -> Callable[[Report], str]:
    """Return the function that renders a report in the format; KeyError if there is none."""
    render: Callable[[Report], str] = import_module(FORMATS[name]).render
    return render
