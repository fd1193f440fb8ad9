"""What the page knows: nodes and their facts, edges, ways and filters, as compact JSON.

Nodes and boxes are numbers from here on. Ways are worked out here rather than in
the browser, so that there is one place that knows how messages go.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.graph.captions import name, title
from qtopo.graph.layers import LAYERS
from qtopo.graph.page.facts import facts, findings
from qtopo.graph.picture.metrics import visible
from qtopo.graph.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from networkx import MultiDiGraph

    from qtopo.graph.picture.scene import Box, Scene

_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_SEVERITIES = ("error", "warning", "info")


def as_json(graph: MultiDiGraph, scene: Scene) -> str:
    """Return JSON that may stand in a `<script>`: nothing in it ends that or begins a comment."""
    text = json.dumps(page_data(graph, scene), ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def page_data(graph: MultiDiGraph, scene: Scene) -> dict[str, Any]:
    """Return what the page knows.

    `kinds` have the words for one and for many. `nodes` have kind (a place in
    `kinds`), label, facts (places of keys in `words`, each before its text),
    findings, the places of what is before and behind it in `sets`, and what else
    there is by name: `id` where it is not kind and label, `missing`, `change`, `why`
    (a place in `explanations`), `commands`. `boxes` have lane, y, height, the nodes
    in them, and the label of a stack; `lanes` have x and width. `edges` have start,
    end, kind (a place in `ties`) and label.
    """
    collected = _Collected(graph)
    nodes = [collected.node(node) for node in graph]
    return {
        "title": visible(title(graph)),
        "kinds": [[layer.kind, layer.plural] for layer in LAYERS],
        "nodes": nodes,
        "lanes": _lanes(scene),
        "boxes": [_box(one, collected.number) for one in scene.boxes],
        "edges": [collected.edge(start, end, data) for start, end, data in graph.edges(data=True)],
        "ties": [*collected.ties],
        "sets": [list(one) for one in collected.sets],
        "words": [*collected.words],
        "explanations": [list(one) for one in collected.explanations],
        "filters": filters(graph, collected.number),
    }


class _Collected:
    """Gives numbers to what is said more than once."""

    def __init__(self, graph: MultiDiGraph) -> None:
        self.graph, self.ways = graph, Ways(graph)
        self.number = {node: index for index, node in enumerate(graph)}
        self.kinds = {layer.kind: index for index, layer in enumerate(LAYERS)}
        self.ties: dict[str, int] = {}
        self.words: dict[str, int] = {}
        self.sets: dict[tuple[int, ...], int] = {}
        self.explanations: dict[tuple[Any, ...], int] = {}

    def node(self, node: str) -> list[Any]:
        """Return the row of a node."""
        data = self.graph.nodes[node]
        label = visible(name(data))
        row: list[Any] = [
            self.kinds[data["kind"]],
            label,
            [part for key, text in facts(data) for part in (_place(self.words, key), text)],
            findings(data),
            self._set(node, self.ways.before([node])),
            self._set(node, self.ways.behind([node])),
        ]
        extra = self._extra(node, data, label)
        return [*row, extra] if extra else row

    def edge(self, start: str, end: str, data: dict[str, Any]) -> list[Any]:
        """Return the row of an edge."""
        row: list[Any] = [self.number[start], self.number[end], _place(self.ties, data["kind"])]
        return [*row, visible(str(data["label"]))] if data["label"] else row

    def _set(self, node: str, found: Iterable[str]) -> int:
        return _place(self.sets, tuple(sorted(self.number[one] for one in found if one != node)))

    def _extra(self, node: str, data: dict[str, Any], label: str) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if node != f"{data['kind']}:{label}":
            extra["id"] = node
        if data.get("missing"):
            extra["missing"] = 1
        if data.get("change", "same") != "same":
            extra["change"] = data["change"]
        why = self.graph.graph.get("explanations", {}).get(node)
        if why:
            extra["why"] = _place(self.explanations, tuple(self._line(line) for line in why))
        command = self.graph.graph.get("commands", {}).get(node)
        if command:
            extra["commands"] = command
        return extra

    def _line(self, line: Sequence[str]) -> tuple[Any, ...]:
        """Return the place of a line's label, its text, and its origin where it has one."""
        label, text, origin = (visible(part) for part in line)
        said = (_place(self.words, label), text)
        return (*said, origin) if origin else said


def _place(places: dict[Any, int], value: Any) -> int:
    """Return the number of a value; a new one gets the next."""
    return places.setdefault(value, len(places))


def _lanes(scene: Scene) -> list[list[int]]:
    """Return x and width of the boxes of each lane."""
    found: dict[int, list[int]] = {}
    for one in scene.boxes:
        found.setdefault(one.lane, [round(one.box.x), round(one.box.w)])
    return [found.get(lane, [0, 0]) for lane in range(len(scene.lanes))]


def _box(one: Box, number: dict[str, int]) -> list[Any]:
    row: list[Any] = [one.lane, round(one.box.y), round(one.box.h)]
    row.append([number[node] for node in one.members])
    if one.count > 1:
        row.append(one.texts[0].full)
    return row


def filters(graph: MultiDiGraph, number: dict[str, int]) -> list[dict[str, Any]]:
    """Return what can be asked for: a name, whether ways count, and values with their nodes.

    A filter that would leave all or nothing is left out.
    """
    owners: dict[str, list[int]] = {}
    workers: dict[str, list[int]] = {}
    transports: dict[str, list[int]] = {}
    severities: dict[str, list[int]] = {one: [] for one in _SEVERITIES}
    for node, data in graph.nodes(data=True):
        at = number[node]
        if data.get("owner"):
            owners.setdefault(str(data["owner"]), []).append(at)
        if data["kind"] == "worker":
            workers.setdefault(str(data["label"]), []).append(at)
        transport = data.get("transport") or graph.graph.get("broker")
        if transport:
            transports.setdefault(str(transport), []).append(at)
        for severity in dict.fromkeys(one["severity"] for one in data.get("findings", ())):
            severities.setdefault(severity, []).append(at)
    found = [
        ("Owner", True, sorted(owners.items())),
        ("Worker", True, sorted(workers.items())),
        ("Transport", False, sorted(transports.items())),
        ("Findings", False, [one for one in severities.items() if one[1]]),
    ]
    return [
        {
            "name": name,
            "ways": ways,
            "values": [[visible(value), nodes] for value, nodes in values],
        }
        for name, ways, values in found
        if values and (len(values) > 1 or len(values[0][1]) < len(number))
    ]
