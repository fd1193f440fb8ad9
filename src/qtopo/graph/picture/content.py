"""What a box says: its name, the facts below it, tags, findings, and its tooltip."""

from __future__ import annotations

from math import ceil, fsum
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.captions import caption, name, tooltip
from qtopo.graph.layers import SENDS
from qtopo.graph.picture.metrics import shorten, text_width, visible, visible_lines
from qtopo.graph.picture.scene import NAME, SUB, TAG, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from networkx import MultiDiGraph

SIZES = {NAME: 13.0, SUB: 11.0, TAG: 11.0}
LEFT, RIGHT = 34.0, 14.0
"""What stays free in a box: for the icon, and for the slopes of its shape."""
BADGE = 38.0
"""What a badge keeps free beside a name."""
_LINES = {NAME: 17.0, SUB: 14.0, TAG: 14.0}
_ABOVE = 7.0
_NARROWEST, _WIDEST = 70.0, 216.0
_MEMBERS = 400
_NOT_SAID = frozenset(("members", "findings", "change", "before"))
_SEVERITIES = ("error", "warning", "info")


class Content(NamedTuple):
    """The lines of a box as `(role, text)`, what is wrong with it, its tooltip and its height."""

    lines: tuple[tuple[str, str], ...]
    findings: tuple[tuple[str, str, str], ...]
    tooltip: str
    width: float
    height: float


def content(graph: MultiDiGraph, node: str, tags: Sequence[str] = ()) -> Content:
    """Return what the box of a node says; `tags` stand for edges that are not drawn."""
    data = graph.nodes[node]
    sub = _sub(graph, node, data)
    lines = [(NAME, visible(name(data)))]
    if sub:
        lines.append((SUB, visible(sub)))
    lines += [(TAG, visible(tag)) for tag in tags]
    findings = tuple(
        (str(one["severity"]), str(one["rule"]), str(one["message"]))
        for one in data.get("findings", ())
    )
    # A mark of what changed stands where findings do.
    beside = BADGE if findings or data.get("change", "same") != "same" else 0.0
    wide = max(
        text_width(text, SIZES[role]) + (beside if role == NAME else 0.0) for role, text in lines
    )
    tall = 2 * _ABOVE + fsum(_LINES[role] for role, _ in lines)
    return Content(tuple(lines), findings, _tooltip(data, findings, tags), min(wide, _WIDEST), tall)


def room(contents: Sequence[Content]) -> float:
    """Return the width of the boxes of a lane."""
    return ceil(LEFT + RIGHT + max([_NARROWEST, *(one.width for one in contents)]))


def texts(one: Content, x: float, y: float, w: float, h: float, beside: float) -> tuple[Text, ...]:
    """Return the lines of a box placed in it, shortened where the box is narrower."""
    placed = []
    inside = w - LEFT - RIGHT
    at = y + (h - fsum(_LINES[role] for role, _ in one.lines)) / 2
    for role, text in one.lines:
        size = SIZES[role]
        free = inside - (beside if role == NAME else 0.0)
        shown = shorten(text, free, size, prose=role == SUB)
        baseline = at + _LINES[role] / 2 + size * 0.36
        placed.append(
            Text(role, x + LEFT, round(baseline, 1), size, shown, text, text_width(shown, size))
        )
        at += _LINES[role]
    return tuple(placed)


def worst(findings: Sequence[tuple[str, str, str]]) -> str:
    """Return the most serious severity of some findings."""
    there = {severity for severity, _, _ in findings}
    return next((one for one in _SEVERITIES if one in there), "info")


def _sub(graph: MultiDiGraph, node: str, data: dict[str, Any]) -> str:
    if "stack" in data:
        return ", ".join(one for one in (data["counted"], data["range"], data["said"]) if one)
    if data.get("missing"):
        return "not declared"
    kind = data["kind"]
    if kind == "beat":
        return next(
            (
                str(edge["label"])
                for _, _, edge in graph.out_edges(node, data=True)
                if edge["kind"] == SENDS
            ),
            "",
        )
    if kind == "exchange" and data.get("implicit"):
        return f"{caption(data)}, the queue’s own"
    # A queue that stands for its own exchange too is a queue still.
    if "members" in data:
        data = {key: value for key, value in data.items() if key != "members"}
    return caption(data)


def _tooltip(
    data: dict[str, Any], findings: Sequence[tuple[str, str, str]], tags: Sequence[str]
) -> str:
    if "stack" in data:
        shown = data["names"][:_MEMBERS]
        lines = [f"{data['counted']}: {data['label']}", *shown]
        if len(data["names"]) > len(shown):
            lines.append(f"and {len(data['names']) - len(shown):,} more")
    else:
        plain = {key: value for key, value in data.items() if key not in _NOT_SAID}
        lines = [tooltip(plain)]
    lines += tags
    lines += [f"{severity}: {message} ({rule})" for severity, rule, message in findings]
    return visible_lines("\n".join(lines))
