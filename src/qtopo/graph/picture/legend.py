"""What colours, shapes and lines mean: only what the picture has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.graph.layers import (
    ALTERNATE,
    BINDS,
    CONSUMES,
    DEAD_LETTER,
    DECIDES,
    EXCHANGE_BINDING,
    LAYERS,
    PUBLISHES,
    RUNS_ON,
    SENDS,
    STEP,
    USES,
    WAITS_FOR,
)
from qtopo.graph.picture.metrics import text_width
from qtopo.graph.picture.scene import NOTE, Key, Rect, Text
from qtopo.graph.picture.views import RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.graph.picture.scene import Box, Edge

_SIZE = 11.0
_MARK = 26.0
_ROW = 20.0
_EDGES = {
    SENDS: "sends",
    STEP: "step of a workflow",
    DECIDES: "is routed by",
    PUBLISHES: "publishes",
    BINDS: "binding",
    EXCHANGE_BINDING: "exchange binding",
    ALTERNATE: "alternate exchange",
    CONSUMES: "is consumed by",
    DEAD_LETTER: "dead letters",
    RUNS: "runs",
    RUNS_ON: "runs on",
    USES: "uses",
    WAITS_FOR: "waits for",
}
_BADGES = {"error": "an error", "warning": "a warning", "info": "a remark"}
_CHANGES = {"added": "added", "removed": "removed", "changed": "changed"}
SIGNS = {
    "error": "E1", "warning": "W1", "info": "I1", "added": "+", "removed": "−", "changed": "~",
}  # fmt: skip
"""What badges of findings and of changes show in the legend."""


def legend(
    boxes: Sequence[Box], edges: Sequence[Edge], x: float, y: float, room: float
) -> tuple[tuple[Key, ...], float]:
    """Return the entries in rows of a width, and where they end."""
    kinds = {one.kind for one in boxes}
    words = [
        ("node", one.kind, one.kind if one.kind != "beat" else "beat entry")
        for one in LAYERS
        if one.kind in kinds
    ]
    if any(one.missing for one in boxes):
        words.append(("node", "missing", "named, not declared"))
    if any(one.count > 1 for one in boxes):
        words.append(("node", "stack", "several that are alike"))
    lines = {one.kind for one in edges if not one.tagged}
    words += [("edge", kind, text) for kind, text in _EDGES.items() if kind in lines]
    severities = {one.badge.severity for one in boxes if one.badge}
    words += [("badge", one, text) for one, text in _BADGES.items() if one in severities]
    changes = {one.change for one in boxes} | {one.change for one in edges}
    words += [("change", one, text) for one, text in _CHANGES.items() if one in changes]
    keys = []
    at_x, at_y = x, y
    for what, name, text in words:
        wide = text_width(text, _SIZE)
        if at_x > x and at_x + _MARK + 6.0 + wide > x + room:
            at_x, at_y = x, at_y + _ROW
        placed = Text(
            NOTE, round(at_x + _MARK + 6.0, 1), round(at_y + 11.0, 1), _SIZE, text, text, wide
        )
        keys.append(Key(what, name, Rect(round(at_x, 1), round(at_y, 1), _MARK, 14.0), placed))
        at_x += _MARK + 6.0 + wide + 18.0
    return tuple(keys), at_y + (_ROW if keys else 0.0)
