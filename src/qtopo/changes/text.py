"""The differences for people: by class, the worst first, then tasks, then the steps."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from qtopo.changes.change import BREAKING, CLASSES, HARMLESS, WORKERS_FIRST
from qtopo.changes.wording import became, headline, moved, subject
from qtopo.diagnostics.screen import columns, painter, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtopo.changes.change import Change
    from qtopo.changes.report import Report
    from qtopo.topology.finding import Place

_SHOWN = 12
"""Of harmless changes and of tasks that is enough for a person; JSON has them all."""

_NARROWEST = 50


def render(report: Report) -> str:
    """Return the whole page."""
    page = _Page(report)
    blocks = [page.paint(visible(headline(report, page.arrow)), "strong")]
    blocks += page.classes()
    blocks += page.tasks()
    blocks += page.steps()
    return "\n\n".join(blocks) + "\n"


class _Page:
    def __init__(self, report: Report) -> None:
        self.paint: Callable[[str, str], str] = painter(report.color)
        self.arrow = "→" if report.unicode else "->"
        self.width = max(report.width, _NARROWEST)
        self.report = report

    def classes(self) -> Iterable[str]:
        """Yield one block for each class that occurs."""
        for effect, words in CLASSES.items():
            found = [(one, at) for one, at in self.report.changes if one.effect == effect]
            if found:
                style = "error" if effect in BREAKING else _STYLES.get(effect, "good")
                lines = [self.paint(words, style)]
                lines += self._harmless(found) if effect == HARMLESS else self._reasons(found)
                yield "\n".join(lines)

    def _harmless(self, found: list[tuple[Change, Place | None]]) -> Iterable[str]:
        for one, at in found[:_SHOWN]:
            yield self._line(one, at)
        if len(found) > _SHOWN:
            yield f"  and {len(found) - _SHOWN} more, see --format json"

    def _reasons(self, found: list[tuple[Change, Place | None]]) -> Iterable[str]:
        """Yield changes with why; those that have a reason in common say it once."""
        whys: dict[str, list[tuple[Change, Place | None]]] = {}
        for one, at in found:
            whys.setdefault(one.why, []).append((one, at))
        for why, group in whys.items():
            for one, at in group:
                yield self._line(one, at)
            yield self._wrapped(visible(why), "      ", "      ")

    def _line(self, one: Change, at: Place | None) -> str:
        text = f"  {visible(subject(one))}  {visible(became(one, self.arrow))}"
        if at is None or at.start is None:
            return text
        place = f"{visible(at.file)}:{at.start.line}"
        room = self.width - columns(text) - columns(place)
        if room < 2:
            return f"{text}\n      {self.paint(place, 'frame')}"
        return text + " " * room + self.paint(place, "frame")

    def tasks(self) -> Iterable[str]:
        """Yield one block with the tasks that go another way."""
        found = self.report.tasks
        if not found:
            return
        rows = [
            (visible(one.task), visible(moved(one, self.arrow)), one.effect, visible(one.why))
            for one in found[:_SHOWN]
        ]
        widths = [max(columns(row[place]) for row in rows) for place in (0, 1)]
        lines = [self.paint("tasks that go another way", "strong")]
        for task, way, effect, why in rows:
            task += " " * (widths[0] - columns(task))
            word = CLASSES[effect]
            lines.append(f"  {task}  {way}")
            if effect != HARMLESS:
                lines.append(self._wrapped(f"{word}: {why}", "      ", "      "))
        if len(found) > _SHOWN:
            lines.append(f"  and {len(found) - _SHOWN} more, see --format json")
        yield "\n".join(lines)

    def steps(self) -> Iterable[str]:
        """Yield one block with the numbered steps."""
        found = self.report.steps
        if not found:
            if self.report.diff.changes or self.report.tasks:
                yield "Roll it out in any order."
            return
        lines = [self.paint("roll it out in this order", "strong")]
        for number, one in enumerate(found, 1):
            lines.append(self._wrapped(visible(one.text), f"  {number}. ", "     "))
            # A command is never broken: it is there to be copied.
            lines += [f"     $ {visible(line)}" for line in one.commands]
        yield "\n".join(lines)

    def _wrapped(self, text: str, first: str, rest: str) -> str:
        return textwrap.fill(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )


_STYLES = {WORKERS_FIRST: "warning", "restart": "info"}
