"""The graph as a Mermaid flowchart, as GitHub renders it in a README.

Mermaid reads Markdown, icons, directives and entities in labels, so everything
but letters, digits and a few signs is written as a character code. It refuses
more than 500 edges or 50,000 characters: a larger graph is folded until it
fits, and a comment says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.graph.captions import (
    caption,
    change_lines,
    change_word,
    edge_text,
    name,
    summary,
    title,
)
from qtopo.graph.difference import is_compared
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
_CHANGED = {
    "added": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328,stroke-width:2px",
    "removed": "fill:#ffebe9,stroke:#c00020,color:#1f2328,stroke-width:2px,stroke-dasharray:4 3",
    "changed": "fill:#fff3cd,stroke:#8a6d00,color:#1f2328,stroke-width:2px",
    "same": "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
}
"""In a difference the colour says what became of a node; its kind is in words."""

_LINKS = {
    "added": "stroke:#1a7f37,stroke-width:2px",
    "removed": "stroke:#c00020,stroke-width:2px",
    "changed": "stroke:#8a6d00,stroke-width:2px",
}
_RED = "stroke:#c00020"
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
    said = summary(graph) or "nothing declared"
    lines = [f"%% {escape(title(graph))}: {said}"]
    shown = graph
    if folded is not None:
        what, shown = folded
        lines.append(
            f"%% folded to stay within Mermaid's {MOST_EDGES} edges and "
            f"{MOST_CHARACTERS:,} characters: {what} became one"
        )
    # For who listens to the picture instead of looking at it.
    lines += [
        "flowchart LR",
        f"  accTitle: {escape(title(graph))}",
        f"  accDescr: {said}; messages go from left to right",
    ]
    layers = by_layer(shown)
    ids = {
        node: f"{kind}{index}"
        for kind, nodes in layers.items()
        for index, (node, _) in enumerate(nodes)
    }
    compared = is_compared(graph)
    # No subgraphs: with one for each kind Mermaid was seen to pile them up, so that
    # the messages' way from left to right is lost. A node says its kind instead.
    lines += [
        f"  {ids[node]}{_node(data, compared)}" for nodes in layers.values() for node, data in nodes
    ]
    links: dict[str, list[str]] = {}
    for index, (start, end, data) in enumerate(shown.edges(data=True)):
        lines.append(f"  {ids[start]} {_arrow(shown, start, end, data)} {ids[end]}")
        look = _link(shown, end, data)
        if look:
            links.setdefault(look, []).append(str(index))
    styles = _CHANGED if compared else {kind: _CLASSES[kind] for kind in layers}
    if not compared and any(data.get("missing") for _, data in shown.nodes(data=True)):
        styles = {**styles, "missing": _CLASSES["missing"]}
    lines += [f"  classDef {one} {look}" for one, look in styles.items()]
    lines += [f"  linkStyle {','.join(some)} {look}" for look, some in links.items()]
    return "\n".join(lines) + "\n"


def _arrow(graph: MultiDiGraph, start: str, end: str, data: dict[str, Any]) -> str:
    text = ", ".join(filter(None, [change_word(data), edge_text(graph, start, end, data)]))
    dotted = data["kind"] in _DOTTED or data.get("active") is False
    label = f'|"{escape(text)}"|' if text else ""
    return f"{'-.->' if dotted or data.get('change') == 'removed' else '-->'}{label}"


def _link(graph: MultiDiGraph, end: str, data: dict[str, Any]) -> str:
    if "change" in data:
        return _LINKS.get(data["change"], "")
    return _RED if data["kind"] == DEAD_LETTER or graph.nodes[end].get("missing") else ""


def _node(data: dict[str, Any], compared: bool) -> str:
    opening, closing = _SHAPES[data["kind"]]
    kind, words = data["kind"], caption(data)
    # In a difference a task's colour is that of all that is the same.
    if (kind not in _SAID or (compared and kind == "task")) and "members" not in data:
        words = f"{kind}, {words}" if words else kind
    rows = [name(data), ", ".join(filter(None, [change_word(data), words])), *change_lines(data)]
    label = "<br>".join(escape(row) for row in rows if row)
    style = data.get("change") or ("missing" if data.get("missing") else kind)
    return f"{opening}{label}{closing}:::{style}"
