"""What is said about a topology: a finding names a key path, never a line.

Readers of the file and rules make findings; `source` knows where a path stands
in which file; `diagnostics` puts the two together and renders them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Path = tuple["str | int", ...]
"""Keys and indexes from the root of the (merged) file: `("routes", 0, "queue")`."""

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
"""Most severe first."""


class At(NamedTuple):
    """A spot in the file, by key path.

    `part` is what of it is meant: the `value`, the `key`, or the `table`
    (the header of the table the path names). A path that is not in the file
    means the nearest table around it. `file` picks one of several files that
    hold the same path (a name declared twice); `span` is a pair of character
    offsets into that file, for text that no path leads to (broken TOML).
    """

    path: Path
    part: str = "value"
    file: str | None = None
    span: tuple[int, int] | None = None


class Edit(NamedTuple):
    """One change of the file, by key path: what is to stand there.

    `new` is a plain value; None takes the key or list item out. A path that is
    not there yet is put there: the index after the last is a further item, and
    `{}` a table of its own. With the part `key` the key gets the name `new`.
    """

    at: At
    new: Any


class Fix(NamedTuple):
    """What mends a problem, in words (`write 'emails'`) and as edits, made together.

    It is safe where it is the one right answer: nobody who wrote this can have
    meant anything else. Others are made on demand.
    """

    message: str
    edits: tuple[Edit, ...]
    safe: bool = True


def put(path: Path, value: Any, message: str | None = None, *, safe: bool = True) -> Fix:
    """Return the fix that writes a value at a path."""
    return Fix(message or f"write {_shown(value)}", (Edit(At(path), value),), safe)


def take_out(path: Path, message: str, *, safe: bool = True) -> Fix:
    """Return the fix that takes a key or a list item out."""
    return Fix(message, (Edit(At(path), None),), safe)


def rename(path: Path, name: str) -> Fix:
    """Return the fix that gives a key another name."""
    return Fix(f"write {name!r}", (Edit(At(path, "key"), name),))


def _shown(value: Any) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    return "it as a list" if type(value) is list else repr(value)


class Finding(NamedTuple):
    """One problem: which rule, how severe, what is wrong, where, and the way out."""

    rule: str
    code: str
    severity: str
    message: str
    at: At
    help: str | None = None
    related: tuple[tuple[str, At], ...] = ()
    environment: str | None = None
    fix: Fix | None = None


class Position(NamedTuple):
    """A place in a text; line and column count from 1, columns in characters."""

    line: int
    column: int


class Place(NamedTuple):
    """Where a key path stands: file as given, and a half-open range (None: there is no text)."""

    file: str
    path: Path
    start: Position | None
    end: Position | None
