"""The graph in Graphviz' language.

All text of the file is a quoted string, in which quotes, backslashes and the
`&` of entities are escaped, so that Graphviz shows what the file says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.captions import (
    caption,
    change_lines,
    change_word,
    edge_text,
    name,
    summary,
    title,
    tooltip,
)
from qtopo.graph.layers import (
    ALTERNATE,
    BACKWARD,
    CONSUMES,
    DEAD_LETTER,
    DECIDES,
    EXCHANGE_BINDING,
    RUNS_ON,
    SENDS,
    STEP,
    USES,
    WAITS_FOR,
    by_layer,
    plural,
)

if TYPE_CHECKING:
    from networkx import MultiDiGraph


class _Look(NamedTuple):
    shape: str
    fill: str
    line: str


# Dark text on light fills: at least 12:1 in contrast, and the shape says the
# kind where colours are not seen.
_TEXT = "#1f2328"
_NODES = {
    "beat": _Look("oval", "#fff3cd", "#8a6d00"),
    "workflow": _Look("hexagon", "#fde2f0", "#a02867"),
    "task": _Look("note", "#eef1f4", "#57606a"),
    "route": _Look("cds", "#e9e2fb", "#6639ba"),
    "exchange": _Look("diamond", "#dbeafe", "#0a4fb5"),
    "queue": _Look("cylinder", "#dcf5e3", "#1a6b34"),
    "worker": _Look("box", "#ffe5d3", "#a0420a"),
    "machine": _Look("box3d", "#e6e6e6", "#4a4a4a"),
    "resource": _Look("folder", "#f5ead6", "#7a5a1e"),
}
_MORE = {
    "queue": ('    node [margin="0.12,0.14"];',),
    "route": ('    node [margin="0.2,0.1"];',),
}
"""The lid of a cylinder and the tip of an arrow take room of the text."""
_MISSING = {"style": "filled,dashed", "fillcolor": "#ffffff", "color": "#c00020"}
_CHANGED: dict[str, dict[str, str]] = {
    "added": {"fillcolor": "#dafbe1", "color": "#1a7f37", "penwidth": "2"},
    "removed": {
        "fillcolor": "#ffebe9", "color": "#c00020", "penwidth": "2", "style": "filled,dashed",
    },
    "changed": {"fillcolor": "#fff3cd", "color": "#8a6d00", "penwidth": "2"},
    "same": {"fillcolor": "#f6f8fa", "color": "#8c959f"},
}  # fmt: skip
"""In a difference the colour says what became of a node; shape and cluster say its kind."""

_CHANGED_EDGES: dict[str, dict[str, str]] = {
    "added": {"color": "#1a7f37", "penwidth": "2"},
    "removed": {"color": "#c00020", "penwidth": "2", "style": "dashed"},
    "changed": {"color": "#8a6d00", "penwidth": "2"},
    "same": {"color": "#8c959f"},
}
_EDGES: dict[str, dict[str, str]] = {
    SENDS: {"color": "#8a6d00"},
    STEP: {"color": "#a02867"},
    DECIDES: {"color": "#6639ba"},
    CONSUMES: {"color": "#1a6b34"},
    DEAD_LETTER: {"color": "#c00020", "style": "dashed"},
    ALTERNATE: {"color": "#0a4fb5", "style": "dashed"},
    EXCHANGE_BINDING: {"color": "#0a4fb5"},
    RUNS_ON: {"color": "#4a4a4a", "style": "dotted", "arrowhead": "none"},
    USES: {"color": "#7a5a1e", "style": "dotted"},
    WAITS_FOR: {"color": "#57606a", "style": "dotted"},
}


def draw(graph: MultiDiGraph) -> str:
    """Return the graph in DOT; a cluster for each kind of node, messages from left to right."""
    lines = [
        "digraph topology {",
        f'  label={_label(title(graph) + ": " + summary(graph))}; labelloc=t; tooltip=" ";',
        "  rankdir=LR; ranksep=1.1; nodesep=0.18; newrank=true;",
        f'  fontname="Helvetica"; fontcolor="{_TEXT}";',
        f'  node [fontname="Helvetica" fontsize=11 fontcolor="{_TEXT}" style=filled];',
        f'  edge [fontname="Helvetica" fontsize=9 fontcolor="{_TEXT}" color="#57606a"];',
        '  node [margin="0.12,0.06"]; edge [arrowsize=0.7];',
    ]
    for kind, nodes in by_layer(graph).items():
        look = _NODES[kind]
        lines += [
            "",
            f"  subgraph cluster_{kind} {{",
            f'    label="{plural(kind)}"; style=rounded; color="#d0d7de"; fontsize=12; rank=same;',
            f'    node [shape={look.shape} fillcolor="{look.fill}" color="{look.line}"];',
            *_MORE.get(kind, ()),
        ]
        lines += [f"    {quote(node)} {_attributes(_node(data))};" for node, data in nodes]
        lines.append("  }")
    lines.append("")
    lines += [
        f"  {quote(start)} -> {quote(end)} {_attributes(_edge(graph, start, end, data))};"
        for start, end, data in graph.edges(data=True)
    ]
    lines.append("}")
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """Return a quoted string that means the text, as an identifier."""
    # A backslash before the closing quote would escape it; doubled, it is part
    # of the identifier, which stays different from every other.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _label(text: str) -> str:
    """Return a quoted string that is shown as the text: labels know entities besides."""
    return quote(text.replace("&", "&amp;").replace("\r", "").replace("\0", ""))


def _attributes(values: dict[str, str]) -> str:
    return "[" + " ".join(f"{key}={value}" for key, value in values.items()) + "]"


def _node(data: dict[str, Any]) -> dict[str, str]:
    words = ", ".join(filter(None, [change_word(data), caption(data)]))
    label = "\n".join(filter(None, [name(data), words, *change_lines(data)]))
    values = {"label": _label(label), "tooltip": _label(tooltip(data))}
    if "change" in data:
        values.update({key: f'"{value}"' for key, value in _CHANGED[data["change"]].items()})
    elif data.get("missing"):
        values.update({key: f'"{value}"' for key, value in _MISSING.items()})
    elif data["kind"] == "worker" and data.get("replicas") == 0:
        values["style"] = '"filled,dashed"'
    return values


def _edge(graph: MultiDiGraph, start: str, end: str, data: dict[str, Any]) -> dict[str, str]:
    kind, change = data["kind"], change_word(data)
    text = ", ".join(filter(None, [change, edge_text(graph, start, end, data)]))
    values: dict[str, str] = {"label": _label(text)} if text else {}
    values["tooltip"] = _label(f"{kind} {data['label']}".strip())
    values.update({key: f'"{value}"' for key, value in _EDGES.get(kind, {}).items()})
    if "change" in data:
        lines = [f"{kind} {data['label']}".strip(), change, *change_lines(data, most=None)]
        values["tooltip"] = _label("\n".join(filter(None, lines)))
        looks = _CHANGED_EDGES[data["change"]]
        values.update({key: f'"{value}"' for key, value in looks.items()})
    elif graph.nodes[end].get("missing"):
        values["color"] = f'"{_MISSING["color"]}"'
    if data.get("active") is False:
        values["style"] = '"dashed"'
    if kind in BACKWARD:
        # It would pull what it points at behind where it comes from.
        values["constraint"] = "false"
    return values
