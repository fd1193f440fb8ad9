"""The report for people: each problem with the lines it is about.

error[QT101]: route sends to queue 'emials', which is not declared
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

from typing import TYPE_CHECKING, NamedTuple

from qtopo.diagnostics.excerpt import CONTEXT, excerpt
from qtopo.diagnostics.screen import columns, painter, visible
from qtopo.diagnostics.wording import location, message, summary

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.excerpt import Row
    from qtopo.diagnostics.report import Report
    from qtopo.topology.finding import Fix, Place

NARROWEST = 40
"""Source lines are cut for a terminal of at least this width."""


def render(report: Report) -> str:
    """Return every diagnostic with its excerpts, and a closing sentence."""
    page = _Page(report)
    closing = summary(report)
    if not report.diagnostics:
        closing = page.paint(closing, "good")
    return "".join(page.diagnostic(one) + "\n\n" for one in report.diagnostics) + closing + "\n"


class _Part(NamedTuple):
    """A place of a diagnostic, what is shown of it, and in which manner."""

    arrow: str
    place: Place
    rows: list[Row]
    line: str
    style: str
    label: str = ""


def _fix_label(fix: Fix) -> str:
    return "fix" if fix.safe else "unsafe fix"


class _Page:
    """What the diagnostics of one report have in common."""

    def __init__(self, report: Report) -> None:
        self.paint = painter(report.color)
        self._texts = report.texts
        self._width = max(report.width, NARROWEST)
        self._bar = self.paint("│" if report.unicode else "|", "frame")
        self._ellipsis = "…" if report.unicode else "..."
        self._lines: dict[str, list[str]] = {}

    def diagnostic(self, one: Diagnostic) -> str:
        """Return one diagnostic: headline, its place, related places, and the way out."""
        parts = self._parts(one)
        last = max((row.number for part in parts for row in part.rows), default=0)
        margin = " " * len(str(last))
        severity = self.paint(f"{one.severity}[{one.rule}]", one.severity)
        lines = [severity + self.paint(f": {message(one)}", "strong")]
        for part in parts:
            lines += self._part(part, margin)
        notes = [("help", one.help)] if one.help else []
        if one.fix is not None:
            notes.append((_fix_label(one.fix), one.fix.message))
        for label, text in notes:
            sign = f"{self.paint('=', 'frame')} {self.paint(f'{label}:', 'strong')}"
            lines.append(f"{margin} {sign} {visible(text)}")
        if not notes and parts[-1].rows:
            lines.pop()  # a bar that leads nowhere
        return "\n".join(lines)

    def _parts(self, one: Diagnostic) -> list[_Part]:
        """Cut the excerpts, to what is left of the width beside the highest line number."""
        places = [one.place, *(related.place for related in one.related)]
        last = max((place.start.line for place in places if place.start), default=0) + CONTEXT
        room = self._width - len(f"{last} | ")
        return [
            _Part("-->", one.place, self._excerpt(one.place, room, CONTEXT), "^", one.severity),
            *(
                _Part(":::", place, self._excerpt(place, room, 0), "-", "frame", visible(label))
                for label, place in one.related
            ),
        ]

    def _excerpt(self, place: Place, room: int, context: int) -> list[Row]:
        """Return the rows of a place; none if there is no such text."""
        if place.start is None or place.file not in self._texts:
            return []
        if place.file not in self._lines:
            text = self._texts[place.file].removeprefix("\ufeff")
            self._lines[place.file] = text.split("\n")
        return excerpt(
            self._lines[place.file],
            place.start,
            place.end,
            room=room,
            context=context,
            ellipsis=self._ellipsis,
        )

    def _part(self, part: _Part, margin: str) -> list[str]:
        """Return the lines of one place, with a bar at their end if there are rows."""
        head = f"{margin}{self.paint(part.arrow, 'frame')} {location(part.place)}"
        if not part.rows:
            return [f"{head}: {part.label}" if part.label else head]
        bar = f"{margin} {self._bar}"
        lines = [head, bar]
        for row in part.rows:
            number = self.paint(str(row.number).rjust(len(margin)), "frame")
            lines.append(f"{number} {self._bar} {row.text}".rstrip())
            if row.mark is not None:
                begin, length = row.mark
                indent = f"{bar} {' ' * begin}"
                used = len(f"{margin} | ") + begin + length
                fits = used + 1 + columns(part.label) <= self._width
                label = f" {part.label}" if part.label and fits else ""
                lines.append(indent + self.paint(part.line * length + label, part.style))
                if part.label and not fits:
                    lines.append(f"{bar} {self.paint(part.label, part.style)}")
        return [*lines, bar]
