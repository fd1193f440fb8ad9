"""Two graphs as one: what was added, removed and changed between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.graph.layers import LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from networkx import MultiDiGraph

    Edge = tuple[str, str, dict[str, Any]]

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
CHANGES = (ADDED, REMOVED, CHANGED, SAME)

_PLACE = {"path", "index", "findings", "change", "changes"}
"""Where a thing stands in its file, and what others say of it: no change of the thing."""


def difference(old: MultiDiGraph, new: MultiDiGraph) -> MultiDiGraph:
    """Return the union of two graphs with `change` on every node and edge.

    It is `added`, `removed`, `changed` or `same`. What is changed has `changes` as
    well: each fact that differs with what it was and what it is, None where it is
    not said; of what only one of the files declares that is `missing` alone. Facts
    are those of the new graph where it has the thing.

    Nodes are the same that have the same kind and name. Routes have no name but
    their patterns, so that they are called `route:PATTERNS` here, and by the index
    they have only in facts. The graph's own facts (`app`, `broker`, `environment`)
    are the new ones, with `changes` where they differ.
    """
    from networkx import MultiDiGraph

    before, after = _names(old), _names(new)
    both = MultiDiGraph(**new.graph)
    changes = _changes(old.graph, new.graph)
    both.graph["compared"] = True
    if changes:
        both.graph["changes"] = changes
    was = {before[node]: data for node, data in old.nodes(data=True)}
    now = {after[node]: data for node, data in new.nodes(data=True)}
    for node in _ordered(was, now):
        both.add_node(node, **_compared(was.get(node), now.get(node)))
    for (start, end), pairs in _edges(_between(old, before), _between(new, after)).items():
        for one in pairs:
            both.add_edge(start, end, **_compared(*one))
    return both


def is_compared(graph: MultiDiGraph) -> bool:
    """Whether a graph is a difference."""
    return bool(graph.graph.get("compared"))


def only_changes(graph: MultiDiGraph) -> set[str]:
    """Return the nodes of a difference that changed, or whose edges did, and their neighbours."""
    changed = {node for node, data in graph.nodes(data=True) if data["change"] != SAME}
    near = set(changed)
    for start, end, data in graph.edges(data=True):
        if data["change"] != SAME or start in changed or end in changed:
            near |= {start, end}
    return near


def counts(graph: MultiDiGraph) -> dict[str, int]:
    """Return how many nodes and edges were added, removed and changed; the same ones left out."""
    found = dict.fromkeys((ADDED, REMOVED, CHANGED), 0)
    for _, data in graph.nodes(data=True):
        if data["change"] in found:
            found[data["change"]] += 1
    for *_, data in graph.edges(data=True):
        if data["change"] in found:
            found[data["change"]] += 1
    return found


def _names(graph: MultiDiGraph) -> dict[str, str]:
    """Return what to call each node: a route after its patterns, the next such `NAME (2)`."""
    names: dict[str, str] = {}
    taken: dict[str, int] = {}
    used = {node for node, data in graph.nodes(data=True) if data["kind"] != "route"}
    for node, data in graph.nodes(data=True):
        name = node
        if data["kind"] == "route":
            base = name = f"route:{data['label']}"
            while name in used:
                taken[base] = taken.get(base, 1) + 1
                name = f"{base} ({taken[base]})"
            used.add(name)
        names[node] = name
    return names


def _ordered(was: Mapping[str, dict[str, Any]], now: Mapping[str, dict[str, Any]]) -> Iterable[str]:
    """Return all names in the order of the new graph, removed ones last of their kind."""
    gone = [(node, data) for node, data in was.items() if node not in now]
    for layer in LAYERS:
        yield from (node for node, data in now.items() if data["kind"] == layer.kind)
        yield from (node for node, data in gone if data["kind"] == layer.kind)


def _compared(was: dict[str, Any] | None, now: dict[str, Any] | None) -> dict[str, Any]:
    if was is None or now is None:
        return {**(now or was or {}), "change": ADDED if was is None else REMOVED}
    changes = _changes(was, now)
    if "missing" in changes:
        # What it says of itself comes and goes with its declaration.
        changes = {"missing": changes["missing"]}
    if not changes:
        return {**now, "change": SAME}
    return {**now, "change": CHANGED, "changes": changes}


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what differs, as `{fact: [old, new]}`."""
    return {
        key: [was.get(key), now.get(key)]
        for key in dict.fromkeys((*now, *was))
        if key not in _PLACE and not _same(was.get(key), now.get(key))
    }


def _same(one: Any, other: Any) -> bool:
    """Whether two facts are the same; `1` and `true` are equal to Python, not to the file."""
    return bool(one == other) and repr(one) == repr(other)


def _between(
    graph: MultiDiGraph, names: Mapping[str, str]
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the edges by the names of their ends."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for start, end, data in graph.edges(data=True):
        found.setdefault((names[start], names[end]), []).append(data)
    return found


def _edges(
    old: dict[tuple[str, str], list[dict[str, Any]]],
    new: dict[tuple[str, str], list[dict[str, Any]]],
) -> dict[tuple[str, str], list[tuple[dict[str, Any] | None, dict[str, Any] | None]]]:
    return {
        ends: list(_paired(old.get(ends, []), new.get(ends, [])))
        for ends in dict.fromkeys((*new, *old))
    }


def _paired(
    old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> Iterable[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Pair edges between the same nodes: those that are the same, then those of a kind."""
    left = list(old)
    waiting = []
    for now in new:
        same = next((was for was in left if not _changes(was, now)), None)
        if same is None:
            waiting.append(now)
        else:
            left.remove(same)
            yield same, now
    for now in waiting:
        was = next((one for one in left if one["kind"] == now["kind"]), None)
        if was is not None:
            left.remove(was)
        yield was, now
    for was in left:
        yield was, None
