"""The differences for programs. Keys may be added, never renamed: scripts rely on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.changes.change import BREAKING

if TYPE_CHECKING:
    from qtopo.changes.change import Change
    from qtopo.changes.report import Report
    from qtopo.topology.finding import Place

FORMAT_VERSION = 1


def render(report: Report) -> str:
    """Return the report as one JSON object; lines and columns count from 1."""
    counts = report.diff.counts()
    content = {
        "format_version": FORMAT_VERSION,
        "old": report.old,
        "new": report.new,
        "changes": [_change(one, place) for one, place in report.changes],
        "tasks": [
            {
                "task": one.task,
                "class": one.effect,
                "old": one.old.as_json(),
                "new": one.new.as_json(),
                "why": one.why,
            }
            for one in report.tasks
        ],
        "rollout": [
            {"step": number, "what": one.what, "text": one.text, "commands": list(one.commands)}
            for number, one in enumerate(report.steps, 1)
        ],
        "summary": {**counts, "breaking": sum(counts[effect] for effect in BREAKING)},
    }
    # Escaped where the stream takes no more than ASCII, and half a character always is.
    text = json.dumps(content, indent=2, ensure_ascii=not report.unicode)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _change(one: Change, place: Place | None) -> dict[str, Any]:
    path = one.new_path if one.new_path is not None else one.old_path
    start = None if place is None or place.start is None else place.start
    return {
        "class": one.effect,
        "kind": one.kind,
        "name": one.name,
        "what": one.what,
        "key": one.key,
        "old": one.old,
        "new": one.new,
        "why": one.why,
        "side": "old" if one.new_path is None else "new",
        "path": list(path or ()),
        "file": None if place is None else place.file,
        "start": None if start is None else {"line": start.line, "column": start.column},
    }
