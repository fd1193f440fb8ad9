"""The report for people: each problem with the lines it is about.

    error[QT101]: route 0 sends to queue 'emials', which is not declared
      --> topology.toml:12:9
       |
    10 | [[routes]]
    11 | task = "shop.emails.*"
    12 | queue = "emials"
       |         ^^^^^^^^
       |
       = help: did you mean 'emails'?
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics.excerpt import CONTEXT, excerpt
from qtopo.diagnostics.screen import columns, painter, visible
from qtopo.diagnostics.wording import location, message, summary

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic, Related
    from qtopo.diagnostics.excerpt import Row
    from qtopo.diagnostics.report import Report
    from qtopo.topology.finding import Place

NARROWEST = 40
"""Lines are never cut shorter than for a terminal of this width."""


def render(report: Report) -> str:
    """Return every diagnostic with its excerpts, and a closing sentence."""
    page = _Page(report)
    closing = summary(report)
    if not report.diagnostics:
        closing = page.paint(closing, "good")
    return "".join(page.diagnostic(one) + "\n" for one in report.diagnostics) + closing + "\n"


class _Page:
    """What the diagnostics of one report have in common."""

    def __init__(self, report: Report) -> None:
        self.paint = painter(report.color)
        self._report = report
        self._bar = "│" if report.unicode else "|"
        self._ellipsis = "…" if report.unicode else "..."
        self._lines: dict[str, list[str]] = {}

    def diagnostic(self, one: Diagnostic) -> str:
        """Return the lines of one diagnostic."""
        numbers = [place.start.line for place in (one.place, *(...)) if place.start]
        ...
