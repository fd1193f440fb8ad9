"""What qtopo itself says while processes run, and how each is named in front of its lines."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NamedTuple

from qtopo.cli.run.output import RESET, Lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.cli.run.child import Child
    from qtopo.cli.run.output import Output

_COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_LONGEST_LABEL = 32
_NAMED = 8


class Streams(NamedTuple):
    """Where lines (`out`) and our own words (`err`) go: file descriptors, and whether in colour."""

    out: int
    err: int
    color: bool


class Voice:
    """Our own lines, between those of the processes; a process keeps its colour when it restarts.

    Everything is aligned to the labels that are known at the beginning.
    """

    def __init__(self, output: Output, streams: Streams, labels: Iterable[str]) -> None:
        self._output = output
        self._streams = streams
        self._width = max(len(short(one)) for one in [*labels, "qtopo"])
        self._numbers: dict[str, int] = {}

    def lines(self, label: str) -> Lines:
        """Return what cuts the output of a process into lines, behind its name."""
        number = self._numbers.setdefault(label, len(self._numbers))
        prefix = f"{short(label):<{self._width}} | "
        if self._streams.color:
            prefix = f"\x1b[{_COLORS[number % len(_COLORS)]}m{prefix}\x1b[0m"
        return Lines(prefix.encode("utf-8", "backslashreplace"), color=self._streams.color)

    def say(self, text: str) -> None:
        """Say something, in one line for each of the text."""
        for one in text.split("\n"):
            own = f"{'qtopo':<{self._width}} | {one}\n"
            line = own.encode("utf-8", "backslashreplace")
            if self._streams.color:
                line = b"\x1b[1m" + line[:-1] + RESET + b"\n"
            self._output.write(self._streams.err, line)


def short(label: str) -> str:
    """Return a label that does not push everything to the right."""
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "~"


def listed(labels: Iterable[str]) -> str:
    """Name some processes, the first of many."""
    known = [short(one) for one in labels]
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return ", ".join(known[:_NAMED]) + more


def patience(children: Iterable[Child]) -> str:
    """Say how long processes may take to stop."""
    graces = [child.launch.grace for child in children]
    if None in graces:
        return "until their tasks are done"
    return f"at most {span(max(grace for grace in graces if grace is not None))}"


def span(seconds: float) -> str:
    """Return a time as people say it; in seconds."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 300 else f"{seconds / 60:.0f} min"


def status_words(status: int) -> str:
    """Name a status; above 128 it stands for a signal."""
    try:
        return f"status {status} ({signal.Signals(status - 128).name})"
    except ValueError:
        return f"status {status}"
