"""One line for each problem, for editors and grep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics.screen import painter
from qtopo.diagnostics.wording import location, message

if TYPE_CHECKING:
    from qtopo.diagnostics.report import Report


def render(report: Report) -> str:
    """Return `file:line:column: severity[code] rule: message` lines; nothing if all is good."""
    paint = painter(report.color)
    return "".join(
        f"{paint(location(one.place), 'strong')}: "
        f"{paint(f'{one.severity}[{one.code}]', one.severity)} {one.rule}: {message(one)}\n"
        for one in report.diagnostics
    )
