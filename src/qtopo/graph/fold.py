"""A smaller graph that says the same in less detail: nodes that are alike become one.

For pictures with a limit. A node that stands for several has `members`, how many
they are, and a label that counts and begins to list them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.graph.layers import DECIDES, PUBLISHES, count

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from networkx import MultiDiGraph

_SHOWN = 3
_ROUNDS = 20
_PREFIX = re.compile(r"[^.:/_-]*")


def foldings(graph: MultiDiGraph) -> Iterator[tuple[str, MultiDiGraph]]:
    """Yield ever smaller graphs, each with what was folded.

    The last has a node for each kind and no text on its edges, so that its size
    has a bound.
    """
    yield "tasks with the same neighbours", _fold(graph, _same_neighbours(graph))
    tasks = _fold(graph, _same_way(graph))
    yield "tasks that go the same way", tasks
    yield "whatever leads to the same workers alike", _fold(tasks, _same_workers(tasks))
    yield "names that begin alike", _fold(graph, _same_beginning(graph))
    yield "each kind", _fold(graph, lambda node: graph.nodes[node]["kind"], labels=False)


def _same_neighbours(graph: MultiDiGraph) -> Callable[[str], Hashable]:
    def key(node: str) -> Hashable:
        data = graph.nodes[node]
        if data["kind"] != "task":
            return node
        to = frozenset((end, edge["kind"]) for _, end, edge in graph.out_edges(node, data=True))
        by = frozenset((start, edge["kind"]) for start, _, edge in graph.in_edges(node, data=True))
        return to, by

    return key


def _same_way(graph: MultiDiGraph) -> Callable[[str], Hashable]:
    def key(node: str) -> Hashable:
        data = graph.nodes[node]
        if data["kind"] != "task":
            return node
        ends = {
            end
            for _, end, edge in graph.out_edges(node, data=True)
            if edge["kind"] in (DECIDES, PUBLISHES)
        }
        return data["kind"], frozenset(ends)

    return key


def _same_workers(graph: MultiDiGraph) -> Callable[[str], Hashable]:
    """Group what leads, over things that are grouped alike, to the same workers.

    Colours are refined until they no longer split: two nodes keep one colour
    where their edges lead to the same colours. Workers, machines and resources
    begin with a colour each.
    """
    colours: dict[str, int] = {}
    names: dict[Hashable, int] = {}
    for node, data in graph.nodes(data=True):
        alone = data["kind"] in ("worker", "machine", "resource")
        first = node if alone else (data["kind"], bool(data.get("missing")))
        colours[node] = names.setdefault(first, len(names))
    # A way from beat to machine is seven edges long, detours over dead letters
    # aside; what is not told apart by then may as well stay together.
    for _ in range(_ROUNDS):
        before = len(names)
        names = {}
        refined = {}
        for node in graph:
            ends = frozenset(
                (edge["kind"], colours[end]) for _, end, edge in graph.out_edges(node, data=True)
            )
            refined[node] = names.setdefault((colours[node], ends), len(names))
        colours = refined
        if len(names) == before:
            break
    return colours.__getitem__


def _same_beginning(graph: MultiDiGraph) -> Callable[[str], Hashable]:
    def key(node: str) -> Hashable:
        data = graph.nodes[node]
        beginning = _PREFIX.match(data["label"])
        return data["kind"], bool(data.get("missing")), beginning and beginning.group()

    return key


def _fold(
    graph: MultiDiGraph, key: Callable[[str], Hashable], *, labels: bool = True
) -> MultiDiGraph:
    """Return a graph with one node for all that have the same key, parallel edges merged."""
    from networkx import MultiDiGraph

    groups: dict[Hashable, list[str]] = {}
    for node, data in graph.nodes(data=True):
        # Of a difference what was added stays apart from what was there, as long as
        # the size need not have a bound.
        change = data.get("change") if labels else None
        groups.setdefault((change, key(node)), []).append(node)
    folded = MultiDiGraph(**graph.graph)
    home: dict[str, str] = {}
    for members in groups.values():
        first = members[0]
        folded.add_node(first, **_together([graph.nodes[node] for node in members]))
        home.update(dict.fromkeys(members, first))
    merged: dict[tuple[str, str, str, Any], list[dict[str, Any]]] = {}
    for start, end, data in graph.edges(data=True):
        # What leads from a group back into it would be a loop that says nothing.
        if home[start] != home[end] or start == end:
            change = data.get("change") if labels else None
            ends = (home[start], home[end], data["kind"], change)
            merged.setdefault(ends, []).append(data)
    for (start, end, kind, _), edges in merged.items():
        texts = dict.fromkeys(data["label"] for data in edges if labels and data["label"])
        folded.add_edge(start, end, kind=kind, label=_listed(list(texts)), **_change(edges))
    return folded


def _together(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    if len(nodes) == 1:
        return dict(nodes[0])
    members = sum(node.get("members", 1) for node in nodes)
    names = [label for node in nodes for label in node.get("names", [node["label"]])][: _SHOWN + 1]
    together: dict[str, Any] = {
        "kind": nodes[0]["kind"],
        "label": f"{count(members, nodes[0]['kind'])}: {_listed(names)}",
        "members": members,
        "names": names,
    }
    if all(node.get("missing") for node in nodes):
        together["missing"] = True
    return {**together, **_change(nodes)}


def _change(some: list[dict[str, Any]]) -> dict[str, str]:
    """Return what became of several things in a difference; where they differ, a change."""
    changes = {one["change"] for one in some if "change" in one}
    if not changes:
        return {}
    return {"change": changes.pop() if len(changes) == 1 else "changed"}


def _listed(texts: list[str]) -> str:
    """Return the first few of some texts, and a sign that there are more."""
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
