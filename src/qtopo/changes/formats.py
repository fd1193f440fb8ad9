"""The output formats of `qtopo diff`: one module each, imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtopo.changes.report import Report

FORMATS = {
    "text": "qtopo.changes.text",
    "json": "qtopo.changes.json_",
    "markdown": "qtopo.changes.markdown",
}
"""Name to module; each module has `render(report: Report) -> str`."""


def renderer(name: str) -> Callable[[Report], str]:
    """Return the function that renders a report in the format; KeyError if there is none."""
    render: Callable[[Report], str] = import_module(FORMATS[name]).render
    return render
