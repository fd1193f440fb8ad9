"""What `qtopo test` has found, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.diagnostics.screen import painter, visible
from qtopo.diagnostics.secrets import masked
from qtopo.diagnostics.wording import location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.topology.finding import Place, Position

FORMAT_VERSION = 1


class Verdict(NamedTuple):
    """One test of one task; it has passed where there are no `reasons`."""

    name: str
    task: str
    reasons: list[str]
    place: Place
    environment: str | None


def as_text(verdicts: Sequence[Verdict], *, color: bool) -> str:
    """Return a line for each test, the reasons below those that fail, and a closing sentence."""
    paint = painter(color)
    lines = []
    for one in verdicts:
        word = paint("FAILED", "error") if one.reasons else paint("ok", "good") + " " * 4
        name = one.name if one.task in one.name else f"{one.name}: {one.task}"
        lines.append(f"{word}  {_shown(name)}")
        where = paint(location(one.place), "strong")
        lines += [f"        {where}: {_shown(reason)}" for reason in one.reasons]
    failed = _failed(verdicts)
    counts = [f"{failed} failed"] if failed else []
    if failed < len(verdicts):
        counts.append(f"{len(verdicts) - failed} passed")
    environment = verdicts[0].environment if verdicts else None
    where = "" if environment is None else f" (in environment {_shown(repr(environment))})"
    lines.append(paint(f"{', '.join(counts)}{where}", "error" if failed else "good"))
    return "\n".join(lines)


def as_json(verdicts: Sequence[Verdict]) -> str:
    """Return one JSON object. Keys may be added, never renamed: scripts rely on them."""
    import json

    failed = _failed(verdicts)
    content = {
        "format_version": FORMAT_VERSION,
        "tests": [_object(one) for one in verdicts],
        "summary": {"passed": len(verdicts) - failed, "failed": failed},
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _object(one: Verdict) -> dict[str, Any]:
    return {
        "name": one.name,
        "task": one.task,
        "passed": not one.reasons,
        "reasons": one.reasons,
        "file": one.place.file,
        "path": list(one.place.path),
        "start": _position(one.place.start),
        "end": _position(one.place.end),
        "environment": one.environment,
    }


def _position(position: Position | None) -> dict[str, int] | None:
    return None if position is None else position._asdict()


def as_junit(verdicts: Sequence[Verdict], *, unicode: bool) -> str:
    """Return one XML document: a suite for each file, a case for each test.

    Without `unicode` all but ASCII is written as references.
    """
    by_file: dict[str, list[Verdict]] = {}
    for one in verdicts:
        by_file.setdefault(one.place.file, []).append(one)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="qtopo" {_counts(verdicts)}>',
    ]
    for file, found in by_file.items():
        lines.append(f'  <testsuite name="{_escaped(file)}" {_counts(found)} skipped="0">')
        for one in found:
            lines += _case(one)
        lines.append("  </testsuite>")
    text = "\n".join([*lines, "</testsuites>"])
    # Whatever the stream makes of other characters, it would no longer be XML.
    return text if unicode else text.encode("ascii", "xmlcharrefreplace").decode()


def _counts(verdicts: Sequence[Verdict]) -> str:
    return f'tests="{len(verdicts)}" failures="{_failed(verdicts)}" errors="0"'


def _case(one: Verdict) -> list[str]:
    file, start = _escaped(one.place.file), one.place.start
    line = f' line="{start.line}"' if start else ""
    head = f'    <testcase name="{_escaped(one.name)}" classname="{_escaped(one.task)}"'
    head += f' file="{file}"{line}'
    if not one.reasons:
        return [f"{head}/>"]
    text = "\n".join(_escaped(f"{location(one.place)}: {reason}") for reason in one.reasons)
    return [
        f"{head}>",
        f'      <failure type="failed" message="{_escaped(one.reasons[0])}">{text}</failure>',
        "    </testcase>",
    ]


def _failed(verdicts: Sequence[Verdict]) -> int:
    return sum(bool(one.reasons) for one in verdicts)


def _shown(text: str) -> str:
    return masked(visible(text))


def _escaped(text: str) -> str:
    """Return one line for an attribute or a text; XML has no way to write control characters."""
    from xml.sax.saxutils import escape

    return escape(_shown(text), {'"': "&quot;"})
