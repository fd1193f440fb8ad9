"""The report as GitLab's code quality report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.diagnostics.files import relative
from qtopo.diagnostics.fingerprint import fingerprints
from qtopo.diagnostics.screen import visible
from qtopo.diagnostics.secrets import masked
from qtopo.diagnostics.wording import message

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.report import Report

SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def render(report: Report) -> str:
    """Return a list of issues, empty if all is good."""
    marks = fingerprints(report.diagnostics)
    issues = [_issue(one, mark) for one, mark in zip(report.diagnostics, marks, strict=True)]
    return json.dumps(issues, indent=2, ensure_ascii=not report.unicode) + "\n"


def _issue(one: Diagnostic, mark: str) -> dict[str, Any]:
    start, end = one.place.start, one.place.end
    # GitLab wants a line of everything; what has none is about the file as a whole.
    lines = {"begin": start.line if start else 1}
    if end is not None:
        lines["end"] = end.line
    text = message(one) + (f" ({visible(one.help)})" if one.help else "")
    return {
        "description": masked(text),
        "check_name": one.rule,
        "fingerprint": mark,
        "severity": SEVERITIES[one.severity],
        "location": {"path": visible(relative(one.place.file)), "lines": lines},
    }
