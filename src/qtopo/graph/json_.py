"""The graph as networkx node-link data, which `networkx.node_link_graph` reads back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qtopo.graph.facts import shown

if TYPE_CHECKING:
    from networkx import MultiDiGraph

FORMAT_VERSION = 1


def draw(graph: MultiDiGraph) -> str:
    """Return JSON with `format_version`; the list of edges is called `edges`.

    Secrets that the file holds are stars.
    """
    from networkx import node_link_data

    data = {"format_version": FORMAT_VERSION, **shown("", node_link_data(graph, edges="edges"))}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
