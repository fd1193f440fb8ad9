"""What the formats for people say alike. All of it is fit for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics.screen import visible

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.report import Fixable, Report
    from qtopo.topology.finding import Place


def message(one: Diagnostic) -> str:
    """Return the message; it names the environment that alone has the problem."""
    text = one.message
    if one.environment is not None and not _names(text, one.environment):
        text += f" (in environment {one.environment!r})"
    return visible(text)


def _names(text: str, environment: str) -> bool:
    """Whether a message names the environment by itself."""
    quoted = (repr(environment), f'"{environment}"', f"`{environment}`")
    bare = (environment + end for end in " ,.:;)")
    return any(f"environment {name}" in f"{text} " for name in (*quoted, *bare))


def location(place: Place) -> str:
    """Return `file:line:column`, or the file alone where there is no text."""
    file = visible(place.file)
    return f"{file}:{place.start.line}:{place.start.column}" if place.start else file


def summary(report: Report) -> str:
    """Return the closing sentence."""
    waived = f" ({report.suppressed} suppressed)" if report.suppressed else ""
    if not report.diagnostics:
        return f"All good: checked {_files(report)}{waived}."
    counts = [_number(count, noun) for noun, count in report.counts().items() if count]
    files = len({one.place.file for one in report.diagnostics})
    return f"Found {_series(counts)} in {_number(files, 'file')}{waived}.{_fixable(report.fixable)}"


def _fixable(fixable: Fixable) -> str:
    """Return what to call to have some of it mended; nothing where nothing can be."""
    limit, first = ("", "") if fixable.exact else ("up to ", "Up to ")
    if not fixable.safe:
        return f" {first}{fixable.unsafe} fixable with --unsafe-fixes." if fixable.unsafe else ""
    more = f" ({limit}{fixable.unsafe} more with --unsafe-fixes)" if fixable.unsafe else ""
    return f" {first}{fixable.safe} fixable with --fix{more}."


def _files(report: Report) -> str:
    if 1 <= len(report.files) <= 3:
        return _series([visible(file) for file in report.files])
    return _number(len(report.files), "file")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _series(items: list[str]) -> str:
    """Join as a sentence does: `a, b and c`."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
