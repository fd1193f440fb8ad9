"""The report as JUnit XML: a suite for each file, a failed case for each problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics.screen import visible
from qtopo.diagnostics.secrets import masked
from qtopo.diagnostics.wording import location, message

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.report import Report

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def render(report: Report) -> str:
    """Return one document; a file without problems has one case, which passes."""
    by_file: dict[str, list[Diagnostic]] = {file: [] for file in report.files}
    for one in report.diagnostics:
        by_file.setdefault(one.place.file, []).append(one)
    total = len(report.diagnostics)
    cases = sum(len(found) or 1 for found in by_file.values())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="qtopo" tests="{cases}" failures="{total}" errors="0">',
    ]
    for file, found in by_file.items():
        lines += _suite(file, found)
    text = "\n".join([*lines, "</testsuites>"]) + "\n"
    # Whatever the stream makes of other characters, it would no longer be XML.
    return text if report.unicode else text.encode("ascii", "xmlcharrefreplace").decode()


def _suite(file: str, found: list[Diagnostic]) -> list[str]:
    name = _escaped(file)
    counts = f'tests="{len(found) or 1}" failures="{len(found)}" errors="0" skipped="0"'
    lines = [f'  <testsuite name="{name}" {counts}>']
    for one in found:
        lines += _case(one, name)
    if not found:
        lines.append(f'    <testcase name="qtopo.check" classname="{name}" file="{name}"/>')
    return [*lines, "  </testsuite>"]


def _case(one: Diagnostic, file: str) -> list[str]:
    start = one.place.start
    where = f' line="{start.line}" column="{start.column}"' if start else ""
    body = [f"{location(one.place)}: {one.severity}[{one.code}] {message(one)}"]
    body += [f"{location(place)}: {text}" for text, place in one.related]
    if one.help:
        body.append(f"help: {one.help}")
    body.append(one.docs)
    text = "\n".join(_escaped(line) for line in body)
    return [
        f'    <testcase name="qtopo.{_escaped(one.rule)}" classname="{file}" file="{file}"{where}>',
        f'      <failure type="{one.severity}" message="{_escaped(message(one))}">{text}</failure>',
        "    </testcase>",
    ]


def _escaped(text: str) -> str:
    """Return one line for an attribute or a text.

    XML has no way to write most control characters, escaped or not, so they
    are written out as Python does.
    """
    return masked(visible(text)).translate(_ENTITIES)
