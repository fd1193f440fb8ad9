"""What is said about a topology: a finding names a key path, never a line.

Readers of the file and rules make findings; `source` knows where a path stands
in which file; `diagnostics` puts the two together and renders them.
"""

from __future__ import annotations

from typing import NamedTuple

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
