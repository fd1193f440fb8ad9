"""Puts what the rules found on the nodes it is about.

Rules name key paths, and so do nodes: a finding belongs to the node whose path is
the longest beginning of its own. What belongs to no node is the whole file's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from networkx import MultiDiGraph

_TABLES = {
    "beat": ("beat", "schedule"),
    "workflow": ("workflows",),
    "task": ("tasks",),
    "route": ("routes",),
    "exchange": ("exchanges",),
    "queue": ("queues",),
    "worker": ("workers",),
    "machine": ("machines",),
    "resource": ("resources",),
}


def attach(graph: MultiDiGraph, found: Iterable[tuple[tuple[Any, ...], str, str, str]]) -> None:
    """Give each node `findings`, from `(path, rule, severity, message)`; the rest is the graph's.

    Each is a dict with rule, severity and message. A task that is only named in a
    route has the route's path below it, and does not take what is the route's.
    """
    homes: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _, data in graph.nodes(data=True):
        path = tuple(data.get("path", ()))
        table = _TABLES[data["kind"]]
        if path[: len(table)] == table and len(path) == len(table) + 1:
            homes[path] = data
    for path, rule, severity, message in found:
        one = {"rule": rule, "severity": severity, "message": message}
        home = next(
            (homes[path[:end]] for end in range(len(path), 0, -1) if path[:end] in homes),
            graph.graph,
        )
        home.setdefault("findings", []).append(one)
