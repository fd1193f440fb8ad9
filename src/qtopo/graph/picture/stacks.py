"""Nodes that are alike, put together as one stack of cards: a smaller graph that says the same.

Only as far as a picture needs it to be read. A stack has `members`, the nodes it
stands for, `names`, their labels, and `stack`, how many they are; an edge has
`count`, how many edges it stands for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.graph.captions import caption
from qtopo.graph.layers import DECIDES, PUBLISHES, count

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from networkx import MultiDiGraph

    Key = Callable[[str], Hashable]

FEW = 40
"""Up to so many nodes are drawn one by one."""
ROOM = 60
"""How many boxes are still read at a glance; folding goes on until there are no more."""

_ROUNDS = 20
_LISTED = 24
"""So many characters of keys are listed in full."""
_BIGGEST_FIRST = ("task", "route", "exchange", "queue")
"""What there is most of, and is folded before who works."""

_DIGITS = re.compile(r"[0-9]+")
_FIRST = re.compile(r"[^.:/_-]*")


def stacked(graph: MultiDiGraph) -> MultiDiGraph:
    """Return the graph itself where it is small, else the largest folding that fits the eye."""
    if graph.number_of_nodes() <= FEW:
        return graph
    best = graph
    for key, least in _levels(graph):
        small = _merged(graph, key, least)
        if small.number_of_nodes() < best.number_of_nodes():
            best = small
        if small.number_of_nodes() <= ROOM:
            break
    return best


def pattern(names: list[str]) -> str:
    """Return what names have in common, as `tenant-*`; where that is nothing, the first and `…`."""
    start = _start(names)
    rest = [name[len(start) :] for name in names]
    end = _start([one[::-1] for one in rest])[::-1]
    # t001 to t050 are not t0*: numbers stay whole.
    start, end = start.rstrip("0123456789"), end.lstrip("0123456789")
    if len(start) + len(end) >= 2:
        return f"{start}*{end}"
    return f"{names[0]}, …"


def span(names: list[str]) -> str:
    """Return `001 to 050` where names differ only in a number; else nothing."""
    start = _start(names).rstrip("0123456789")
    rest = [name[len(start) :] for name in names]
    end = _start([one[::-1] for one in rest])[::-1].lstrip("0123456789")
    numbers = [one[: len(one) - len(end)] for one in rest]
    if len(set(numbers)) < 2 or not all(one.isascii() and one.isdigit() for one in numbers):
        return ""
    return f"{min(numbers, key=_size)} to {max(numbers, key=_size)}"


def _size(number: str) -> tuple[int, str]:
    return len(number.lstrip("0")), number.lstrip("0")


def _start(names: list[str]) -> str:
    """Return what all names begin with."""
    # What the first and the last in order have in common, all between them have.
    low, high = min(names), max(names)
    end = next((at for at, one in enumerate(low) if not high.startswith(one, at)), len(low))
    return low[:end]


def _levels(graph: MultiDiGraph) -> Iterator[tuple[Key, int]]:
    """Yield what makes nodes alike, ever coarser, and how many make a stack."""
    families = {node: _family(data["label"]) for node, data in graph.nodes(data=True)}
    yield _same_neighbours(graph), 3
    named = {
        node: (data["kind"], bool(data.get("missing")), families[node], caption(data))
        for node, data in graph.nodes(data=True)
    }
    yield _same_place(graph, named, both=True), 3
    plain = {
        node: node
        if data["kind"] in ("worker", "machine", "resource", "workflow")
        else (data["kind"], bool(data.get("missing")))
        for node, data in graph.nodes(data=True)
    }
    yield _same_place(graph, plain, both=True), 2
    place = _same_place(graph, plain, both=False)
    yield place, 2
    for end in range(2, len(_BIGGEST_FIRST) + 1):
        yield _by_family(graph, families, place, _BIGGEST_FIRST[:end]), 2
    yield _by_neighbours(graph, families), 2
    yield (lambda node: (graph.nodes[node]["kind"], families[node])), 2
    yield (lambda node: graph.nodes[node]["kind"]), 2


def _by_family(
    graph: MultiDiGraph, families: dict[str, str], place: Key, kinds: tuple[str, ...]
) -> Key:
    """Group nodes of some kinds by how their names begin, and others by their place."""

    def key(node: str) -> Hashable:
        kind = graph.nodes[node]["kind"]
        return (kind, families[node]) if kind in kinds else place(node)

    return key


def _by_neighbours(graph: MultiDiGraph, families: dict[str, str]) -> Key:
    """Group what is folded first by how its names begin, and others by which of that they meet."""
    first = {node: (graph.nodes[node]["kind"], families[node]) for node in graph}

    def key(node: str) -> Hashable:
        kind = graph.nodes[node]["kind"]
        if kind in _BIGGEST_FIRST:
            return first[node]
        to = frozenset((edge["kind"], first[end]) for _, end, edge in graph.out_edges(node, True))
        by = frozenset((edge["kind"], first[one]) for one, _, edge in graph.in_edges(node, True))
        return kind, bool(graph.nodes[node].get("missing")), to, by

    return key


def _family(label: str) -> str:
    """Return how a name begins, whatever its numbers are."""
    first = _FIRST.match(label)
    return _DIGITS.sub("#", first.group() if first else "")


def _same_neighbours(graph: MultiDiGraph) -> Key:
    def key(node: str) -> Hashable:
        data = graph.nodes[node]
        if data["kind"] not in ("task", "beat"):
            return node
        to = frozenset(
            (end, edge["kind"], edge["label"] if edge["kind"] not in (DECIDES, PUBLISHES) else "")
            for _, end, edge in graph.out_edges(node, data=True)
        )
        by = frozenset((start, edge["kind"]) for start, _, edge in graph.in_edges(node, data=True))
        return data["kind"], bool(data.get("missing")), to, by

    return key


def _same_place(graph: MultiDiGraph, first: dict[str, Any], *, both: bool) -> Key:
    """Group nodes whose edges lead to groups that are alike, from given groups on.

    Groups are split until none has two kinds of neighbours; with `both`, those
    that a node's messages come from count too.
    """
    colours: dict[str, int] = {}
    names: dict[Hashable, int] = {}
    for node in graph:
        colours[node] = names.setdefault(first[node], len(names))
    ahead: dict[str, set[tuple[str, str]]] = {node: set() for node in graph}
    behind: dict[str, set[tuple[str, str]]] = {node: set() for node in graph}
    for start, end, data in graph.edges(data=True):
        ahead[start].add((data["kind"], end))
        if both:
            behind[end].add((data["kind"], start))
    for _ in range(_ROUNDS):
        before = len(names)
        names = {}
        refined = {}
        for node in graph:
            ends = frozenset([(kind, colours[end]) for kind, end in ahead[node]])
            starts = frozenset([(kind, colours[start]) for kind, start in behind[node]])
            refined[node] = names.setdefault((colours[node], ends, starts), len(names))
        colours = refined
        if len(names) == before:
            break
    return colours.__getitem__


def _merged(graph: MultiDiGraph, key: Key, least: int) -> MultiDiGraph:
    """Return a graph with one node for at least so many that have the same key."""
    from networkx import MultiDiGraph

    groups: dict[Hashable, list[str]] = {}
    for node in graph:
        groups.setdefault(key(node), []).append(node)
    home: dict[str, str] = {}
    for members in groups.values():
        for node in members:
            home[node] = members[0] if len(members) >= least else node
    together: dict[str, list[str]] = {}
    for node, first in home.items():
        together.setdefault(first, []).append(node)
    small = MultiDiGraph(**graph.graph)
    for node in graph:
        if home[node] == node:
            small.add_node(node, **_stack(graph, together[node]))
    edges: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for start, end, data in graph.edges(data=True):
        edges.setdefault((home[start], home[end], data["kind"]), []).append(data)
    for (start, end, _), several in edges.items():
        if len(together[start]) == len(together[end]) == 1:
            for data in several:
                small.add_edge(start, end, **data)
        else:
            small.add_edge(start, end, **_bundle(several))
    return small


def _stack(graph: MultiDiGraph, nodes: list[str]) -> dict[str, Any]:
    if len(nodes) == 1:
        return dict(graph.nodes[nodes[0]])
    all_of = [graph.nodes[node] for node in nodes]
    names = [str(data["label"]) for data in all_of]
    kind = all_of[0]["kind"]
    said = {caption(data) for data in all_of}
    stack: dict[str, Any] = {
        "kind": kind,
        "label": pattern(names),
        "stack": len(nodes),
        "counted": count(len(nodes), kind),
        "range": span(names),
        "names": names,
        "members": [one for node in nodes for one in graph.nodes[node].get("members", [node])],
        "said": said.pop() if len(said) == 1 and kind != "route" else "",
        "findings": [one for data in all_of for one in data.get("findings", ())],
    }
    if all(data.get("missing") for data in all_of):
        stack["missing"] = True
    if all(data.get("replicas") == 0 for data in all_of):
        stack["replicas"] = 0
    changes = {data.get("change") for data in all_of}
    if changes != {None}:
        stack["change"] = changes.pop() if len(changes) == 1 else "changed"
    return stack


def _bundle(edges: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one edge for several of a kind."""
    labels = list(dict.fromkeys(str(data["label"]) for data in edges if data["label"]))
    label = ", ".join(labels)
    if len(labels) > 1 and len(label) > _LISTED:
        label = pattern(labels)
        label = f"{len(labels):,} keys" if label.endswith("…") else label
    bundle: dict[str, Any] = {
        "kind": edges[0]["kind"],
        "label": label,
        "labels": labels,
        "count": sum(data.get("count", 1) for data in edges),
    }
    if all(data.get("active") is False for data in edges):
        bundle["active"] = False
    changes = {data.get("change") for data in edges}
    if changes != {None}:
        bundle["change"] = changes.pop() if len(changes) == 1 else "changed"
    return bundle
