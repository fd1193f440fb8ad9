"""Files of `[section]` and `key = value` with the numbers of their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


_LONGEST = 100_000


class Entry(NamedTuple):
    """A key of a section, as often as it stands there."""

    section: str
    key: str
    value: str
    line: int


def entries(text: str, *, backslash: bool) -> Iterator[Entry]:
    """Yield the entries of a file.

    A value goes on in the next line behind a backslash (systemd), or where that is indented
    deeper than its key (supervisor).
    """
    section = ""
    held: Entry | None = None
    indent = 0
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        deeper = len(line) - len(line.lstrip()) > indent
        if held is not None and backslash and held.value.endswith("\\"):
            if not stripped.startswith(("#", ";")):
                if len(held.value) > _LONGEST:
                    stripped = ""
                held = held._replace(value=held.value[:-1].rstrip() + " " + stripped)
            continue
        if not stripped or stripped.startswith(("#", ";")):
            continue
        if held is not None and not backslash and deeper:
            if len(held.value) <= _LONGEST:
                held = held._replace(value=f"{held.value} {_cut(stripped)}")
            continue
        if held is not None:
            yield held
            held = None
        if stripped.startswith("[") and "]" in stripped:
            section = stripped[1 : stripped.index("]")].strip()
        elif "=" in stripped:
            key, _, value = stripped.partition("=")
            value = value.strip()
            indent = len(line) - len(line.lstrip())
            held = Entry(section, key.strip(), value if backslash else _cut(value), number)
    if held is not None:
        yield held


def _cut(value: str) -> str:
    """Return a value of supervisor without the comment behind it."""
    return value if value.startswith(";") else value.partition(" ;")[0].rstrip()


def grouped(text: str, *, backslash: bool) -> dict[str, list[Entry]]:
    """Return the entries by section, in the order of the file."""
    found: dict[str, list[Entry]] = {}
    for one in entries(text, backslash=backslash):
        found.setdefault(one.section, []).append(one)
    return found
