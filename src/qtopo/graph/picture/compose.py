"""A graph to a scene: picks the view, folds, lays out, and puts everything in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.graph.captions import summary, title
from qtopo.graph.picture import content as contents
from qtopo.graph.picture.canvases import canvases
from qtopo.graph.picture.layout import Layout, lay_out
from qtopo.graph.picture.legend import legend
from qtopo.graph.picture.metrics import shorten, text_width, visible
from qtopo.graph.picture.paths import hook, smooth
from qtopo.graph.picture.ports import LABEL as LABEL_SIZE
from qtopo.graph.picture.scene import (
    HEADING,
    LABEL,
    NOTE,
    TAG,
    TITLE,
    Badge,
    Box,
    Edge,
    Lane,
    Rect,
    Scene,
    Text,
)
from qtopo.graph.picture.stacks import stacked
from qtopo.graph.picture.views import FLOW, View, view
from qtopo.graph.picture.wires import Wire, wires

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from qtopo.graph.picture.content import Content

_MARGIN = 24.0
_HEAD = 66.0
_LANE_HEAD = 34.0
_LANE_PAD = 10.0
_NARROWEST = 420.0
_NOTE = 18.0
_LONGEST_NOTE = 900.0
_BADGE_OFF = 19.0
_ABOUT = {
    "flow": "The way of messages, from left to right: who sends, what decides, where they wait, "
    "and who works.",
    "resources": "Shared resources, the tasks that use them, and the workers that run those.",
    "machines": "Queues, the workers that consume them, and the machines these run on.",
}
_EMPTY = {
    "flow": "Nothing is declared.",
    "resources": "No task uses a resource, and none waits for another.",
    "machines": "No workers and no machines are declared.",
}


def compose(graph: MultiDiGraph, name: str = FLOW, *, expand: bool = False) -> Scene:
    """Return the picture of a graph.

    `name` is the view: flow, resources or machines. Unless `expand` is set, much of
    the same becomes a stack and a queue's own exchange is part of the queue. Nodes
    may have `findings` (a list of rule, severity and message) and `change`.
    """
    seen = view(graph, name, expand=expand)
    shown = seen.graph if expand else stacked(seen.graph)
    counted = graph if name == FLOW else seen.graph
    return _Composer(graph, counted, View(name, shown, seen.columns)).scene()


class _Composer:
    """Holds what the parts of a scene have in common while it is put together."""

    def __init__(self, whole: MultiDiGraph, counted: MultiDiGraph, seen: View) -> None:
        self.whole, self.seen, self.graph = whole, seen, seen.graph
        self.summary = summary(counted) if len(seen.graph) else _EMPTY[seen.name]
        self.notes = [self.summary, *_unattached(whole)]
        self.head = _HEAD + _NOTE * (len(self.notes) - 1)
        lane = {kind: index for index, one in enumerate(seen.columns) for kind in one.kinds}
        self.nodes = list(self.graph)
        self.lane_of = [lane[self.graph.nodes[node]["kind"]] for node in self.nodes]
        self.number = {node: index for index, node in enumerate(self.nodes)}
        self.wires = wires(self.graph)
        self.left, self.top = _MARGIN + _LANE_PAD, self.head + _LANE_HEAD + _LANE_PAD

    def scene(self) -> Scene:
        """Return the scene."""
        tags: dict[str, list[str]] = {}
        for wire in self.wires:
            if wire.tag:
                tags.setdefault(wire.start, []).append(wire.tag)
        said = [contents.content(self.graph, node, tags.get(node, ())) for node in self.nodes]
        drawn = [wire for wire in self.wires if not wire.tag]
        lines = [(self.number[one.start], self.number[one.end], one) for one in drawn]
        layout = lay_out(self.lane_of, len(self.seen.columns), said, lines)
        boxes = tuple(
            self._box(index, layout.boxes[index], said[index]) for index in range(len(self.nodes))
        )
        edges = self._edges(layout)
        bottom = self.top + layout.height + _LANE_PAD if self.nodes else self.head
        lanes = self._lanes(layout, bottom)
        below = bottom + 18.0
        drawings, right, below = (
            canvases(self.whole, _MARGIN, below) if self.seen.name == FLOW else ([], 0.0, below)
        )
        width = max(
            _NARROWEST,
            self.left + layout.width + _LANE_PAD + _MARGIN,
            right + _MARGIN,
            min(max(text_width(one, 12.0) for one in self.notes), _LONGEST_NOTE) + 2 * _MARGIN,
        )
        keys, below = legend(boxes, edges, _MARGIN, below, width - 2 * _MARGIN)
        text = visible(title(self.whole))
        about = _ABOUT[self.seen.name]
        return Scene(
            round(width, 1),
            round(below + _MARGIN, 1),
            text,
            visible(" ".join([about, *(f"{one.rstrip('.')}." for one in self.notes)])),
            self._titles(text, width - 2 * _MARGIN),
            lanes,
            boxes,
            edges,
            tuple(drawings),
            keys,
            self.seen.name,
        )

    def _titles(self, text: str, room: float) -> tuple[Text, ...]:
        name = shorten(text, room, 19.0, bold=True)
        found = [Text(TITLE, _MARGIN, 36.0, 19.0, name, text, text_width(name, 19.0, bold=True))]
        for index, note in enumerate(map(visible, self.notes)):
            shown = shorten(note, room, 12.0, prose=True)
            y = 56.0 + _NOTE * index
            found.append(Text(NOTE, _MARGIN, y, 12.0, shown, note, text_width(shown, 12.0)))
        return tuple(found)

    def _lanes(self, layout: Layout, bottom: float) -> tuple[Lane, ...]:
        lanes = []
        for column, (x, w) in zip(self.seen.columns, layout.lanes, strict=True):
            box = Rect(
                round(self.left + x - _LANE_PAD, 1),
                self.head,
                round(w + 2 * _LANE_PAD, 1),
                round(bottom - self.head, 1),
            )
            heading = shorten(column.heading, box.w - 12.0, 12.0, bold=True)
            wide = text_width(heading, 12.0, bold=True)
            y = self.head + 22.0
            at = Text(HEADING, box.x + _LANE_PAD, y, 12.0, heading, column.heading, wide)
            lanes.append(Lane(column.kinds, at, box))
        return tuple(lanes)

    def _box(self, index: int, place: Rect, said: Content) -> Box:
        node = self.nodes[index]
        data = self.graph.nodes[node]
        x, y = round(self.left + place.x, 1), round(self.top + place.y, 1)
        change = str(data.get("change", ""))
        marked = bool(said.findings) or change not in ("", "same")
        return Box(
            node,
            data["kind"],
            self.lane_of[index],
            Rect(x, y, place.w, place.h),
            contents.texts(said, x, y, place.w, place.h, contents.BADGE if marked else 0.0),
            _badge(said, x + place.w, y) if said.findings else None,
            int(data.get("stack", 1)),
            tuple(data.get("members", (node,))),
            said.tooltip,
            bool(data.get("missing")),
            bool(data.get("implicit")),
            data["kind"] == "worker" and data.get("replicas") == 0,
            change,
        )

    def _edges(self, layout: Layout) -> tuple[Edge, ...]:
        drawn = iter(layout.lines)
        left, top = self.left, self.top
        edges = []
        ids: dict[str, int] = {}
        for wire in self.wires:
            key = f"{wire.kind} {wire.start} {wire.end}"
            ids[key] = ids.get(key, 0) + 1
            name = key if ids[key] == 1 else f"{key} {ids[key]}"
            if wire.tag:
                edges.append(self._edge(name, wire))
                continue
            line = next(drawn)
            label = None
            if line.label:
                label = Text(
                    LABEL,
                    round(self.left + line.label_x, 1),
                    round(self.top + line.label_y + LABEL_SIZE * 0.35, 1),
                    LABEL_SIZE,
                    line.label,
                    wire.label,
                    text_width(line.label, LABEL_SIZE),
                )
            edges.append(
                self._edge(
                    name,
                    wire,
                    tuple([(round(x + left, 1), round(y + top, 1)) for x, y in line.points]),
                    label,
                    inside=line.hooked,
                )
            )
        return tuple(edges)

    def _edge(
        self,
        name: str,
        wire: Wire,
        points: tuple[tuple[float, float], ...] = (),
        label: Text | None = None,
        *,
        inside: bool = False,
    ) -> Edge:
        path = "" if not points else hook(points) if inside else smooth(points)
        return Edge(
            name,
            wire.start,
            wire.end,
            wire.kind,
            points,
            path,
            label,
            wire.tooltip,
            bool(wire.tag),
            wire.active,
            wire.number,
            wire.change,
        )


def _unattached(graph: MultiDiGraph) -> list[str]:
    """Return a line that says what was found about no node in particular, where something was."""
    found = graph.graph.get("findings", ())
    if not found:
        return []
    number = "1 finding" if len(found) == 1 else f"{len(found):,} findings"
    said = "; ".join(f"{one['severity']}: {one['message']} ({one['rule']})" for one in found)
    return [f"{number} about the file as a whole: {said}"]


def _badge(said: Content, right: float, y: float) -> Badge:
    severity = contents.worst(said.findings)
    number = len(said.findings)
    shown = f"{severity[0].upper()}{number if number < 100 else '99+'}"
    width = text_width(shown, 10.0)
    # Clear of the lines and the folded corner at the right of some shapes.
    box = Rect(round(right - _BADGE_OFF - width, 1), round(y + 4.0, 1), round(width + 6.0, 1), 14.0)
    text = Text(TAG, round(box.x + 3.0, 1), round(y + 14.6, 1), 10.0, shown, shown, width)
    return Badge(box, severity, number, text)
