"""The report for programs. Keys may be added, never renamed: scripts rely on them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.report import Report
    from qtopo.topology.finding import Place, Position

FORMAT_VERSION = 1

_TROUBLESOME = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What JSON allows in strings but encoders, line readers and terminals stumble over."""


def render(report: Report) -> str:
    """Return the report as one JSON object; lines and columns from 1, ends exclusive."""
    content = {
        "format_version": FORMAT_VERSION,
        "files": list(report.files),
        "diagnostics": [_diagnostic(one) for one in report.diagnostics],
        "summary": {**report.counts(), "suppressed": report.suppressed},
    }
    text = json.dumps(content, indent=2, ensure_ascii=not report.unicode)
    # Such characters stand in strings only, so an escape means the same.
    return _TROUBLESOME.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _diagnostic(one: Diagnostic) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "code": one.code,
        "severity": one.severity,
        "message": one.message,
        "help": one.help,
        **_place(one.place),
        "related": [
            {"message": related.message, **_place(related.place)} for related in one.related
        ],
        "docs": one.docs,
        "environment": one.environment,
        "fix": None if one.fix is None else {"message": one.fix.message, "safe": one.fix.safe},
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "file": place.file,
        "path": list(place.path),
        "start": _position(place.start),
        "end": _position(place.end),
    }


def _position(position: Position | None) -> dict[str, int] | None:
    return None if position is None else {"line": position.line, "column": position.column}
