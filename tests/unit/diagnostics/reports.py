"""Builds reports by pointing at a piece of the text."""

from __future__ import annotations

from typing import Any

from qtopo.diagnostics import Diagnostic, Related
from qtopo.diagnostics.report import Report
from qtopo.topology.finding import Fix, Place, Position


def place(text: str, piece: str, file: str = "topology.toml") -> Place:
    """Return the place of the first occurrence of a piece."""
    start = text.index(piece)
    return Place(file, ("a", 0), position(text, start), position(text, start + len(piece)))


def position(text: str, offset: int) -> Position:
    line_start = text.rfind("\n", 0, offset) + 1
    return Position(text.count("\n", 0, offset) + 1, offset - line_start + 1)


def problem(
    where: Place,
    message: str = "it is wrong",
    *,
    severity: str = "error",
    help: str | None = None,
    related: tuple[tuple[str, Place], ...] = (),
    environment: str | None = None,
    fix: Fix | None = None,
) -> Diagnostic:
    """Return a diagnostic of the rule `some-rule`, QT101."""
    return Diagnostic(
        rule="some-rule",
        code="QT101",
        severity=severity,
        message=message,
        help=help,
        place=where,
        related=tuple(Related(*one) for one in related),
        docs="https://example.org/rules#some-rule",
        environment=environment,
        fix=fix,
    )


def report(*problems: Diagnostic, text: str = "", **others: Any) -> Report:
    """Return a report on the file topology.toml."""
    others = {"files": ("topology.toml",), "texts": {"topology.toml": text}, **others}
    return Report(diagnostics=problems, **others)
