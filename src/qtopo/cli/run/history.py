"""What became of each process, over its restarts, and the summary at the end."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from qtopo.cli.run.words import short, span, status_words
from qtopo.emit.base import counted

if TYPE_CHECKING:
    from qtopo.cli.run.child import Child


class History:
    """The processes that were started, by label, each with those it replaced before it."""

    def __init__(self) -> None:
        self._by_label: dict[str, list[Child]] = {}

    def began(self, child: Child) -> None:
        """Note a start."""
        self._by_label.setdefault(child.launch.label, []).append(child)

    def last(self, label: str) -> Child | None:
        """Return the process that was started last under a label."""
        known = self._by_label.get(label)
        return known[-1] if known else None

    @property
    def status(self) -> int:
        """The status of the first that did not stop well in the end; else 0."""
        return next((one[-1].status for one in self._by_label.values() if not _well(one[-1])), 0)

    def summary(self) -> list[str]:
        """Return a line for each, those that went wrong first, and how many went well."""
        lasts = {label: children[-1] for label, children in self._by_label.items()}
        bad = [label for label, child in lasts.items() if not _well(child)]
        good = [label for label in lasts if label not in bad]
        lines = [self._line(label) for label in (*bad, *good)]
        if good:
            lines.append(f"{counted(len(good), 'process')} stopped well")
        return lines

    def _line(self, label: str) -> str:
        children = self._by_label[label]
        last = children[-1]
        ran = span(sum((one.ended or time.monotonic()) - one.started for one in children))
        again = f", {counted(len(children) - 1, 'restart')}" if len(children) > 1 else ""
        if not _well(last):
            return f"{short(label)} ended after {ran}{again} with {status_words(last.status)}"
        return f"{short(label)} ran for {ran}{again}; {_how(last)}"


def _well(child: Child) -> bool:
    return child.stopped_well


def _how(child: Child) -> str:
    if child.told_at is None:
        return "ended by itself"
    after = span(child.ended - child.told_at)
    if signal.SIGQUIT in child.told:
        return f"gave up its tasks, {after} after it was told to stop"
    return f"stopped in {after}"
