"""How many findings each rule has: where to begin with a file that has many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.topology.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.diagnostics import Diagnostic


def statistics(diagnostics: Iterable[Diagnostic], suppressed: int, *, as_json: bool) -> str:
    """Return a line, or an object, for each rule: the most frequent first."""
    counts: dict[tuple[str, str, str], int] = {}
    for one in diagnostics:
        key = (one.code, one.severity, one.rule)
        counts[key] = counts.get(key, 0) + 1
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    if as_json:
        import json

        summary = {
            level: sum(count for (_, severity, _), count in rows if severity == level)
            for level in SEVERITIES
        }
        found = [
            {"rule": rule, "code": code, "severity": severity, "count": count}
            for (code, severity, rule), count in rows
        ]
        content = {
            "format_version": 1,
            "statistics": found,
            "summary": {**summary, "suppressed": suppressed},
        }
        return json.dumps(content, indent=2) + "\n"
    width = len(str(rows[0][1])) if rows else 0
    lines = [
        f"{count:>{width}}  {code}  {severity:<7}  {rule}" for (code, severity, rule), count in rows
    ]
    return "\n".join(lines)
