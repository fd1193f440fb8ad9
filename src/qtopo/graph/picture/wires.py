"""The edges as they are drawn: what runs beside each other is one line, and what would
sweep over the whole picture is a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.captions import edge_text
from qtopo.graph.layers import ALTERNATE, CONSUMES, DEAD_LETTER, SENDS, STEP, WAITS_FOR
from qtopo.graph.picture.metrics import visible, visible_lines

if TYPE_CHECKING:
    from networkx import MultiDiGraph

SIGNS = {DEAD_LETTER: "†", ALTERNATE: "↪", WAITS_FOR: "⧗"}
"""What stands before the target of an edge that is a tag."""
_SEPARATE = 3
_TAGGED = 3
_WORDS = {DEAD_LETTER: "dead letters", ALTERNATE: "alternate", WAITS_FOR: "waits for"}


class Wire(NamedTuple):
    """A line: an edge, or several of one kind between the same nodes."""

    start: str
    end: str
    kind: str
    label: str
    tooltip: str
    tag: str
    active: bool
    number: int
    change: str


def wires(graph: MultiDiGraph) -> list[Wire]:
    """Return the lines of a graph, in its order; those with a `tag` are not drawn."""
    together: dict[tuple[str, str, str], list[tuple[str, dict[str, Any]]]] = {}
    labels = dict(graph.nodes(data="label"))
    for start, end, data in graph.edges(data=True):
        text = _text(graph, start, end, data)
        together.setdefault((start, end, data["kind"]), []).append((text, data))
    tagged = _tagged(together)
    found = []
    for (start, end, kind), edges in together.items():
        texts = {text for text, _ in edges} if len(edges) > 1 else edges
        tag = ""
        if (end, kind) in tagged:
            tag = f"{SIGNS[kind]} {labels[end]}"
        # Lines without different labels would lie on top of each other.
        apart = kind != STEP and len(texts) == len(edges) <= _SEPARATE and not tag
        lines = [[one] for one in edges] if apart else [edges]
        names = f"{labels[start]} → {labels[end]}"
        found += [_wire(names, start, end, kind, one, tag) for one in lines]
    return found


def _tagged(together: dict[tuple[str, str, str], Any]) -> set[tuple[str, str]]:
    """Return the targets and kinds of which so many lines lead back that they are only noise."""
    starts: dict[tuple[str, str], int] = {}
    for _, end, kind in together:
        if kind in SIGNS:
            starts[end, kind] = starts.get((end, kind), 0) + 1
    return {one for one, number in starts.items() if number > _TAGGED}


def _wire(
    names: str,
    start: str,
    end: str,
    kind: str,
    edges: list[tuple[str, dict[str, Any]]],
    tag: str,
) -> Wire:
    texts = [text for text in dict.fromkeys([text for text, _ in edges]) if text]
    shown = ", ".join(texts)
    if len(texts) > _SEPARATE and kind != STEP:
        shown = f"{len(texts):,} keys"
    lines = [f"{kind}: {names}"]
    for text, data in edges:
        lines += data.get("labels") or ([text] if text else [])
    changes = {str(data.get("change", "")) for _, data in edges}
    return Wire(
        start,
        end,
        kind,
        "" if tag else visible(shown),
        visible_lines("\n".join(lines)),
        visible(tag),
        any(data.get("active") is not False for _, data in edges),
        sum([data.get("count", 1) for _, data in edges]),
        changes.pop() if len(changes) == 1 else "changed",
    )


def _text(graph: MultiDiGraph, start: str, end: str, data: dict[str, Any]) -> str:
    kind = data["kind"]
    if kind in (SENDS, CONSUMES):
        # The schedule stands in the box of its entry.
        return ""
    if kind in _WORDS:
        return str(data["label"]) or _WORDS[kind]
    return edge_text(graph, start, end, data)
