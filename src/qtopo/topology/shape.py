"""Errors of shape: what makes a file hold no topology, or not this one.

`SHAPES` is the table of them; a `Reader` collects them, all in one run.
"""

from __future__ import annotations

from typing import NamedTuple

from qtopo.topology.finding import ERROR, WARNING, At, Finding, Fix, Path


class Shape(NamedTuple):
    """A kind of error of shape: its stable code, severity, and what it means."""

    code: str
    severity: str
    summary: str


SHAPES = {
    "invalid-toml": Shape("QT001", ERROR, "The text is not TOML."),
    "not-utf8": Shape("QT002", ERROR, "The file is not UTF-8 text."),
    "unreadable-file": Shape("QT003", ERROR, "The file cannot be read."),
    "unknown-key": Shape("QT004", ERROR, "No table of this kind has such a key."),
    "wrong-type": Shape("QT005", ERROR, "The value has another type than the key takes."),
    "invalid-value": Shape(
        "QT006", ERROR, "The value is of the right type, but none of those allowed."
    ),
    "invalid-unit": Shape("QT007", ERROR, "A duration, size or rate is not written as one."),
    "missing-key": Shape("QT008", ERROR, "A table lacks a key that it needs."),
    "conflicting-keys": Shape("QT009", ERROR, "Keys stand together that exclude each other."),
    "invalid-name": Shape("QT010", ERROR, "A name is empty or holds control characters."),
    "duplicate-name": Shape("QT011", ERROR, "A name is declared in two files."),
    "include-missing": Shape("QT012", ERROR, "An included file does not exist."),
    "include-without-match": Shape("QT013", WARNING, "A pattern of `include` matches no file."),
    "include-cycle": Shape("QT014", ERROR, "A file includes itself, directly or through others."),
    "misplaced-table": Shape("QT015", ERROR, "A table of the main file stands in an included one."),
    "near-miss-overlay": Shape(
        "QT016", WARNING, "An overlay adds a name that is nearly one of the base."
    ),
    "typo-in-overlay": Shape(
        "QT018", ERROR, "An overlay changes a name that is not there, but for a typo."
    ),
    "plugin-unusable": Shape(
        "QT019", ERROR, "A plugin of `[lint]` cannot be imported, or holds no rules."
    ),
    "secret-in-file": Shape("QT017", ERROR, "A password stands in the file."),
}


class Reader:
    """Collects findings while values are read.

    `findings` grows in the order of the file; nothing is raised, so that one
    run reports everything. `mends` says whether problems are to have fixes.
    """

    mends = True

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(
        self,
        shape: str,
        path: Path,
        message: str,
        *,
        help: str | None = None,
        part: str = "value",
        related: tuple[tuple[str, At], ...] = (),
        file: str | None = None,
        span: tuple[int, int] | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Note a problem at `path`; `shape` is a key of `SHAPES`."""
        kind = SHAPES[shape]
        self.findings.append(
            Finding(
                shape,
                kind.code,
                kind.severity,
                message,
                At(path, part, file, span),
                help,
                related,
                fix=fix,
            )
        )


class Trial(Reader):
    """Finds out whether a value would do, on the way to a fix."""

    mends = False
