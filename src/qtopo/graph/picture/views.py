"""What a picture is about: the way of messages, shared resources, or machines.

A view is a graph again, with the lanes that its nodes stand in. Nothing here
knows of places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.layers import (
    BINDS,
    CONSUMES,
    DECIDES,
    PUBLISHES,
    RUNS_ON,
    USES,
    WAITS_FOR,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from networkx import MultiDiGraph

FLOW, RESOURCES, MACHINES = "flow", "resources", "machines"
VIEWS = (FLOW, RESOURCES, MACHINES)
RUNS = "runs"
"""The edge of the resource view: worker to task."""


class Column(NamedTuple):
    """A lane: the kinds of nodes that stand in it, and its heading."""

    kinds: tuple[str, ...]
    heading: str


_COLUMNS = {
    FLOW: (
        Column(("beat", "workflow"), "Senders"),
        Column(("task",), "Tasks"),
        Column(("route",), "Routes"),
        Column(("exchange",), "Exchanges"),
        Column(("queue",), "Queues"),
        Column(("worker",), "Workers"),
        Column(("machine",), "Machines"),
    ),
    RESOURCES: (
        Column(("worker",), "Workers"),
        Column(("task",), "Tasks"),
        Column(("resource",), "Resources"),
    ),
    MACHINES: (
        Column(("queue",), "Queues"),
        Column(("worker",), "Workers"),
        Column(("machine",), "Machines"),
    ),
}


class View(NamedTuple):
    """A graph to draw, with the lanes from left to right that are not empty."""

    name: str
    graph: MultiDiGraph
    columns: tuple[Column, ...]


def view(graph: MultiDiGraph, name: str = FLOW, *, expand: bool = False) -> View:
    """Return what of a graph a view shows.

    Nodes get `members`, the nodes of the graph that they stand for, where that is
    not themselves alone. Unless `expand` is set, an exchange that is a queue's own
    is part of the queue: nothing else is to be said of it.
    """
    shown = {FLOW: _flow, RESOURCES: _resources, MACHINES: _machines}[name](graph)
    if not expand:
        shown = _without_own_exchanges(shown)
    there = {data["kind"] for _, data in shown.nodes(data=True)}
    columns = tuple(
        Column(tuple(kind for kind in one.kinds if kind in there), one.heading)
        for one in _COLUMNS[name]
        if there.intersection(one.kinds)
    )
    return View(name, shown, columns)


def _flow(graph: MultiDiGraph) -> MultiDiGraph:
    nodes = {node for node, data in graph.nodes(data=True) if data["kind"] != "resource"}
    # Nothing here changes a graph, so the whole of it needs no copy.
    return graph if len(nodes) == len(graph) else _part(graph, nodes)


def _machines(graph: MultiDiGraph) -> MultiDiGraph:
    workers = {node for node, data in graph.nodes(data=True) if data["kind"] == "worker"}
    machines = {node for node, data in graph.nodes(data=True) if data["kind"] == "machine"}
    queues = {start for start, end in graph.edges() if end in workers}
    return _part(graph, workers | machines | queues, (CONSUMES, RUNS_ON))


def _resources(graph: MultiDiGraph) -> MultiDiGraph:
    """Return resources, the tasks that use them or wait for others, and who runs these."""
    ends: set[str] = {node for node, data in graph.nodes(data=True) if data["kind"] == "resource"}
    for start, end, data in graph.edges(data=True):
        if data["kind"] in (USES, WAITS_FOR):
            ends |= {start, end}
    runs = [
        (worker, task, queues)
        for task in graph
        if task in ends
        for worker, queues in _runners(graph, task).items()
    ]
    shown = _part(graph, ends | {worker for worker, _, _ in runs}, (USES, WAITS_FOR))
    for worker, task, queues in runs:
        shown.add_edge(worker, task, kind=RUNS, label=", ".join(queues))
    return shown


def _runners(graph: MultiDiGraph, task: str) -> dict[str, list[str]]:
    """Return the workers that a task's messages reach, each with the queues it gets them from."""
    found: dict[str, list[str]] = {}
    if graph.nodes[task]["kind"] != "task":
        return found
    for queue in queues_of(graph, task):
        for _, worker, data in graph.out_edges(f"queue:{queue}", data=True):
            if data["kind"] == CONSUMES and data.get("active", True):
                names = found.setdefault(worker, [])
                if queue not in names:
                    names.append(queue)
    return found


def queues_of(graph: MultiDiGraph, task: str) -> list[str]:
    """Return the names of the queues that a task's messages are delivered to."""
    if task not in graph:
        return []
    found: dict[str, None] = {}
    for sent in _sent(graph, task):
        found.update(dict.fromkeys(sent.get("delivered_to") or ()))
        if not sent.get("delivered_to") and sent.get("queue"):
            found[sent["queue"]] = None
    return list(found)


def _sent(graph: MultiDiGraph, task: str) -> Iterator[dict[str, Any]]:
    for _, end, data in graph.out_edges(task, data=True):
        if data["kind"] == PUBLISHES:
            yield data
        elif data["kind"] == DECIDES:
            for _, _, published in graph.out_edges(end, data=True):
                if published["kind"] == PUBLISHES:
                    yield published


def _part(graph: MultiDiGraph, nodes: set[str], kinds: tuple[str, ...] = ()) -> MultiDiGraph:
    """Return the graph of some nodes and the edges between them, in the same order."""
    from networkx import MultiDiGraph

    part = MultiDiGraph(**graph.graph)
    part.add_nodes_from((node, data) for node, data in graph.nodes(data=True) if node in nodes)
    part.add_edges_from(
        (start, end, data)
        for start, end, data in graph.edges(data=True)
        if start in nodes and end in nodes and (not kinds or data["kind"] in kinds)
    )
    return part


def _without_own_exchanges(graph: MultiDiGraph) -> MultiDiGraph:
    """Return the graph in which an exchange that only brings messages to its queue is left out."""
    from networkx import MultiDiGraph

    into: dict[str, str] = {}
    for node, data in graph.nodes(data=True):
        if data.get("implicit") and data["kind"] == "exchange" and not data.get("findings"):
            outs = list(graph.out_edges(node, data=True))
            if len(outs) == 1 and outs[0][2]["kind"] == BINDS:
                queue = graph.nodes[outs[0][1]]
                # Only where the exchange says nothing that the queue does not say.
                if queue["label"] == data["label"] and not _changed(data, queue):
                    into[node] = outs[0][1]
    if not into:
        return graph
    small = MultiDiGraph(**graph.graph)
    owners = {queue: node for node, queue in into.items()}
    for node, data in graph.nodes(data=True):
        if node not in into:
            extra = {"members": [node, owners[node]]} if node in owners else {}
            small.add_node(node, **data, **extra)
    for start, end, data in graph.edges(data=True):
        if start in into:
            continue
        if end in into:
            own = data["label"] == graph.nodes[end]["label"]
            small.add_edge(start, into[end], **{**data, "label": "" if own else data["label"]})
        else:
            small.add_edge(start, end, **data)
    return small


def _changed(exchange: dict[str, Any], queue: dict[str, Any]) -> bool:
    return bool(exchange.get("change") != queue.get("change"))
