"""The graph as a Mermaid flowchart, as GitHub renders it in a README.

Mermaid reads Markdown, icons, directives and entities in labels, so everything
but letters, digits and a few signs is written as a character code. It refuses
more than 500 edges or 50,000 characters: a larger graph is folded until it
fits, and a comment says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.graph.captions import caption, edge_text, name, summary, title
from qtopo.graph.fold import foldings
from qtopo.graph.layers import (
    ALTERNATE,
    DEAD_LETTER,
    RUNS_ON,
    USES,
    WAITS_FOR,
    by_layer,
)

if TYPE_CHECKING:
    from networkx import MultiDiGraph

MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid's own limits, the second in UTF-16 units as JavaScript counts."""

_LONGEST = 200
_SHAPES = {
    "beat": ('(["', '"])'),
    "workflow": ('[["', '"]]'),
    "task": ('["', '"]'),
    "route": ('[/"', '"/]'),
    "exchange": ('{{"', '"}}'),
    "queue": ('[("', '")]'),
    "worker": ('["', '"]'),
    "machine": ('["', '"]'),
    "resource": ('[/"', '"\\]'),
}
# Dark text on light fills, which hold on GitHub's dark pages too.
_CLASSES = {
    "beat": "fill:#fff3cd,stroke:#8a6d00,color:#1f2328",
    "workflow": "fill:#fde2f0,stroke:#a02867,color:#1f2328",
    "task": "fill:#eef1f4,stroke:#57606a,color:#1f2328",
    "route": "fill:#e9e2fb,stroke:#6639ba,color:#1f2328",
    "exchange": "fill:#dbeafe,stroke:#0a4fb5,color:#1f2328",
    "queue": "fill:#dcf5e3,stroke:#1a6b34,color:#1f2328",
    "worker": "fill:#ffe5d3,stroke:#a0420a,color:#1f2328",
    "machine": "fill:#e6e6e6,stroke:#4a4a4a,color:#1f2328",
    "resource": "fill:#f5ead6,stroke:#7a5a1e,color:#1f2328",
    "missing": "fill:#ffffff,stroke:#c00020,color:#1f2328,stroke-dasharray:4 3",
}
_DOTTED = (DEAD_LETTER, ALTERNATE, RUNS_ON, USES, WAITS_FOR)
_SAID = ("task", "route")
"""Kinds that need no word: most nodes are tasks, and a route's caption says it is one."""

_PLAIN = frozenset(",/(=+-×…")


def draw(graph: MultiDiGraph) -> str:
    """Return a flowchart, folded as far as Mermaid's limits ask for."""
    if graph.number_of_edges() <= MOST_EDGES:
        text = _draw(graph, None)
        if _fits(text):
            return text
    for what, folded in foldings(graph):
        if folded.number_of_edges() <= MOST_EDGES:
            text = _draw(graph, (what, folded))
            if _fits(text):
                break
    return text


def escape(text: str) -> str:
    """Return a text that Mermaid shows as it is, in a quoted label or a comment."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    # Icons and formulas are looked for once more when the codes are gone: a space
    # without width keeps their signs apart.
    text = text.replace(":fa-", ":\u200bfa-").replace("$$", "$\u200b$")
    words = []
    for index, one in enumerate(text):
        before = text[:index]
        if one == " ":
            plain = bool(before) and before[-1] != " "
        elif one in ".)":
            # A number with a point or bracket, at the start, would make it a list.
            plain = not before.isdigit()
        else:
            plain = one.isalnum() or (one in _PLAIN and bool(before))
        words.append(one if plain else f"#{ord(one)};")
    return "".join(words)


def _fits(text: str) -> bool:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 <= MOST_CHARACTERS


def _draw(graph: MultiDiGraph, folded: tuple[str, MultiDiGraph] | None) -> str:
    lines = [f"%% {escape(title(graph))}: {summary(graph) or 'nothing declared'}"]
    shown = graph
    if folded is not None:
        what, shown = folded
        lines.append(
            f"%% folded to stay within Mermaid's {MOST_EDGES} edges and "
            f"{MOST_CHARACTERS:,} characters: {what} became one"
        )
    lines.append("flowchart LR")
    layers = by_layer(shown)
    ids = {
        node: f"{kind}{index}"
        for kind, nodes in layers.items()
        for index, (node, _) in enumerate(nodes)
    }
    # No subgraphs: Mermaid would then lay out each by itself, and the messages'
    # way from left to right is lost. A node says its kind instead.
    lines += [f"  {ids[node]}{_node(data)}" for nodes in layers.values() for node, data in nodes]
    red = []
    for index, (start, end, data) in enumerate(shown.edges(data=True)):
        text = edge_text(shown, start, end, data)
        dotted = data["kind"] in _DOTTED or data.get("active") is False
        label = f'|"{escape(text)}"|' if text else ""
        lines.append(f"  {ids[start]} {'-.->' if dotted else '-->'}{label} {ids[end]}")
        if data["kind"] == DEAD_LETTER or shown.nodes[end].get("missing"):
            red.append(str(index))
    classes = [*layers]
    if any(data.get("missing") for _, data in shown.nodes(data=True)):
        classes.append("missing")
    lines += [f"  classDef {one} {_CLASSES[one]}" for one in classes]
    if red:
        lines.append(f"  linkStyle {','.join(red)} stroke:#c00020")
    return "\n".join(lines) + "\n"


def _node(data: dict[str, Any]) -> str:
    opening, closing = _SHAPES[data["kind"]]
    kind, words = data["kind"], caption(data)
    if kind not in _SAID and "members" not in data:
        words = f"{kind}, {words}" if words else kind
    label = escape(name(data)) + (f"<br>{escape(words)}" if words else "")
    style = "missing" if data.get("missing") else kind
    return f"{opening}{label}{closing}:::{style}"
