"""Reads literate test pages, and holds what a topology is expected to yield against what it does.

A page is Markdown. Its headings are tests, its prose says why, its `toml`
blocks are whole topologies. What a block must yield stands in its comments:

    queue = "mail"  # error: route-unknown-queue "not declared"

on the line of the finding; `rule:12` also fixes the column; several are
separated by `;`. A comment alone on its line is about the next line with
anything else on it. A block without such comments must be silent.

    [queues.mail]  # related: route-key-unbound "takes"

says that findings of the rule point there as well. A block that says so of a
rule says so of all the places that the rule's findings point to.

A block opened with ```toml file=NAME is no test: it is a file beside the next
topology, for its `include`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo import api, source

if TYPE_CHECKING:
    from pathlib import Path

_COMMENT = re.compile(r"#\s*((?:error|warning|info|related): .*)$")
_MARKER = re.compile(
    r"(?P<severity>error|warning|info|related): (?P<rule>[a-z][a-z0-9-]*)"
    r'(?::(?P<column>\d+))?(?: "(?P<text>[^"]*)")?'
)
RELATED = "related"
_FENCE = re.compile(r"```toml(?: file=(?P<file>\S+))?")


class Expected(NamedTuple):
    """A marker: line of the block, and what must be found there (column and text are optional).

    `severity` is `related` where it is not a finding but a place it points to.
    """

    line: int
    severity: str
    rule: str
    column: int | None
    text: str


class Case(NamedTuple):
    """One block of a page: its headings, its line in the page, its text, files beside it."""

    name: str
    line: int
    toml: str
    files: dict[str, str]


class Found(NamedTuple):
    """A finding with its place in the block."""

    line: int
    severity: str
    rule: str
    column: int
    message: str


def cases(page: str) -> list[Case]:
    """Return the tests of a page, in order."""
    found: list[Case] = []
    headings: list[str] = []
    files: dict[str, str] = {}
    block: list[str] | None = None
    file: str | None = None
    start = 0
    for number, line in enumerate(page.split("\n"), 1):
        fence = _FENCE.fullmatch(line)
        if block is None and line.startswith("```"):
            if fence is None:
                raise ValueError(f"line {number}: a block that is not toml: {line}")
            block, start, file = [], number, fence["file"]
        elif block is not None and line == "```":
            text = "\n".join(block) + "\n"
            if file is None:
                found.append(Case(" > ".join(headings), start, text, files))
                files = {}
            else:
                files[file] = text
            block = None
        elif block is not None:
            block.append(line)
        elif line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            headings[level - 1 :] = [line.lstrip("#").strip()]
    if block is not None:
        raise ValueError(f"line {start}: a block without an end")
    return found


def expectations(toml: str) -> list[Expected]:
    """Return the markers of a block."""
    expected: list[Expected] = []
    waiting: list[re.Match[str]] = []
    for number, line in enumerate(toml.split("\n"), 1):
        comment = _COMMENT.search(line)
        alone = line.strip().startswith("#")
        markers = [] if comment is None else _markers(comment[1])
        waiting += markers
        if alone or not line.strip():
            continue
        expected += [
            Expected(
                number,
                one["severity"],
                one["rule"],
                None if one["column"] is None else int(one["column"]),
                one["text"] or "",
            )
            for one in waiting
        ]
        waiting = []
    if waiting:
        raise ValueError(f"a marker at the end, about no line: {waiting[0][0]}")
    return expected


def _markers(comment: str) -> list[re.Match[str]]:
    found, at = [], 0
    while True:
        match = _MARKER.match(comment, at)
        if match is None:
            raise ValueError(f'a marker is `error: rule-name "part"`, not {comment[at:]!r}')
        found.append(match)
        rest = comment[match.end() :]
        if not rest.strip():
            return found
        if not rest.startswith("; "):
            raise ValueError(f"a marker ends with {rest!r}")
        at = match.end() + 2


def write(toml: str, folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write a topology and the files beside it; returns its path."""
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    file = folder / "topology.toml"
    file.write_text(toml, encoding="utf-8")
    return file


def check(toml: str, folder: Path, files: dict[str, str] | None = None) -> list[Found]:
    """Return what qtopo says of a topology, as `qtopo check` does: shape, rules, every overlay."""
    file = write(toml, folder, files)
    examination = api.examine(source.read(str(file)))
    for fault in examination.faults:
        raise AssertionError(f"rule {fault.rule} failed:\n{fault.traceback}")
    return [_found(one.severity, one.rule, one) for one in examination.diagnostics] + [
        _found(RELATED, one.rule, more) for one in examination.diagnostics for more in one.related
    ]


def _found(severity: str, rule: str, one: Any) -> Found:
    start = one.place.start
    line, column = (start.line, start.column) if start else (0, 0)
    return Found(line, severity, rule, column, one.message)


def differences(expected: list[Expected], found: list[Found]) -> list[str]:
    """Return a sentence for each marker without a finding, and for each finding without one."""
    asked = {one.rule for one in expected if one.severity == RELATED}
    left = [one for one in found if one.severity != RELATED or one.rule in asked]
    wrong = []
    for marker in expected:
        match = next((one for one in left if _agrees(marker, one)), None)
        if match is not None:
            left.remove(match)
            continue
        column = "" if marker.column is None else f":{marker.column}"
        text = f' "{marker.text}"' if marker.text else ""
        wrong.append(f"line {marker.line}: missing {marker.severity}: {marker.rule}{column}{text}")
    wrong += [
        f"line {one.line}: unexpected {one.severity}: {one.rule}:{one.column} {one.message}"
        for one in left
    ]
    return wrong


def _agrees(marker: Expected, one: Found) -> bool:
    return (
        (marker.line, marker.severity, marker.rule) == (one.line, one.severity, one.rule)
        and marker.column in (None, one.column)
        and marker.text in one.message
    )
