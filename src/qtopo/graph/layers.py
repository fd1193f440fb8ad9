"""The kinds of nodes and edges of the graph, and the order in which a message meets them.

No colours and no shapes: those belong to each drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from networkx import MultiDiGraph


class Layer(NamedTuple):
    """A kind of node: its word for one, and for many."""

    kind: str
    plural: str


LAYERS = (
    Layer("beat", "beat entries"),
    Layer("workflow", "workflows"),
    Layer("task", "tasks"),
    Layer("route", "routes"),
    Layer("exchange", "exchanges"),
    Layer("queue", "queues"),
    Layer("worker", "workers"),
    Layer("machine", "machines"),
    Layer("resource", "resources"),
)
"""From what sends to what works."""

SENDS, STEP, DECIDES, PUBLISHES = "sends", "step", "decides", "publishes"
BINDS, EXCHANGE_BINDING, ALTERNATE = "binds", "exchange-binding", "alternate"
CONSUMES, DEAD_LETTER, RUNS_ON = "consumes", "dead-letter", "runs-on"
USES, WAITS_FOR = "uses", "waits-for"

BACKWARD = (DEAD_LETTER, ALTERNATE, EXCHANGE_BINDING, WAITS_FOR)
"""The edges that do not lead from one layer to a later one."""


def by_layer(graph: MultiDiGraph) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return the nodes of each kind that has some, layers and nodes in order."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {layer.kind: [] for layer in LAYERS}
    for node, data in graph.nodes(data=True):
        found[data["kind"]].append((node, data))
    return {kind: nodes for kind, nodes in found.items() if nodes}


def plural(kind: str) -> str:
    """Return the word for many nodes of a kind."""
    return next(layer.plural for layer in LAYERS if layer.kind == kind)


def count(number: int, kind: str) -> str:
    """Return `1 queue`, `1,204 tasks`."""
    singular = "beat entry" if kind == "beat" else kind
    return f"{number:,} {singular if number == 1 else plural(kind)}"
