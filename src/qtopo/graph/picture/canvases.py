"""Workflows drawn as what they are: steps after each other, side by side, and joined again.

Every step is a chip with its task and the queue that the task goes to. The tree is
read off the key paths of the graph's `step` edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.captions import value_text
from qtopo.graph.layers import STEP
from qtopo.graph.picture.metrics import shorten, text_width, visible
from qtopo.graph.picture.scene import NAME, NOTE, SUB, Canvas, Chip, Rect, Text
from qtopo.graph.picture.views import queues_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from networkx import MultiDiGraph

_CHIP_TALL = 38.0
_ACROSS, _DOWN = 30.0, 8.0
_PAD = 10.0
_WIDEST = 190.0
_HEAD = 26.0
_WORD = 13.0
_SIZE, _SMALL = 12.0, 10.5


class _Piece(NamedTuple):
    """A part of a canvas: its size, and what of it stands where in itself."""

    w: float
    h: float
    chips: tuple[tuple[float, float, float, str], ...]
    lines: tuple[tuple[float, float, float, float], ...]
    frames: tuple[tuple[str, float, float, float, float], ...]

    def moved(self, x: float, y: float) -> _Piece:
        return _Piece(
            self.w,
            self.h,
            tuple((x + a, y + b, w, task) for a, b, w, task in self.chips),
            tuple((x + a, y + b, x + c, y + d) for a, b, c, d in self.lines),
            tuple((word, x + a, y + b, w, h) for word, a, b, w, h in self.frames),
        )


def canvases(graph: MultiDiGraph, x: float, y: float) -> tuple[list[Canvas], float, float]:
    """Return the canvases of a graph below a height, and how wide and how low they reach."""
    found = []
    right = x
    for node, data in graph.nodes(data=True):
        if data["kind"] != "workflow":
            continue
        tree = _tree(graph, node)
        if tree is None:
            continue
        one = _canvas(graph, node, data, tree, x, y)
        found.append(one)
        y = one.box.y + one.box.h + 12.0
        right = max(right, one.box.x + one.box.w)
    return found, right, y


def _canvas(
    graph: MultiDiGraph, node: str, data: dict[str, Any], tree: Any, x: float, y: float
) -> Canvas:
    piece = _piece(tree, graph)
    full = visible(str(data["label"]))
    name = shorten(full, 260.0, 13.0)
    words = _kind(tree)
    wide = text_width(name, 13.0) + 14.0 + text_width(words, 11.0)
    box = Rect(x, y, max(piece.w, wide) + 2 * _PAD + 4.0, piece.h + _HEAD + 2 * _PAD)
    texts = (
        Text(NAME, x + _PAD, y + 19.0, 13.0, name, full, text_width(name, 13.0)),
        Text(
            SUB,
            x + _PAD + text_width(name, 13.0) + 14.0,
            y + 19.0,
            11.0,
            words,
            words,
            text_width(words, 11.0),
        ),
    )
    moved = piece.moved(x + _PAD, y + _HEAD + _PAD)
    return Canvas(
        node,
        box,
        texts,
        tuple(_chip(graph, *one) for one in moved.chips),
        tuple(_arrow(*one) for one in moved.lines),
        tuple(
            (word, Rect(round(a, 1), round(b, 1), round(w, 1), round(h, 1)))
            for word, a, b, w, h in moved.frames
        ),
    )


def _tree(graph: MultiDiGraph, node: str) -> Any:
    """Return the canvas as nested `(kind, parts)`; a step is the node of its task."""
    root: dict[Any, Any] = {}
    for _, task, data in graph.out_edges(node, data=True):
        if data["kind"] == STEP and "path" in data:
            at = root
            path = data["path"][2:]
            for part in path[:-1]:
                at = at.setdefault(part, {})
            at[path[-1]] = task
    return _node(root) if root else None


def _node(at: Any) -> Any:
    if isinstance(at, str):
        return at
    for kind in ("chain", "group"):
        if kind in at:
            return kind, [_node(one) for _, one in sorted(at[kind].items())]
    chord = at.get("chord", {})
    header = chord.get("header", {})
    parts = [_node(one) for _, one in sorted(header.items())]
    return "chord", parts, _node(chord["body"]) if "body" in chord else None


def _kind(tree: Any) -> str:
    if isinstance(tree, str):
        return "one step"
    return {
        "chain": "chain: one after another",
        "group": "group: side by side",
        "chord": "chord: side by side, then one with the results",
    }[tree[0]]


def _piece(tree: Any, graph: MultiDiGraph) -> _Piece:
    if isinstance(tree, str):
        name, queues = _words(graph, tree)
        wide = max(text_width(name, _SIZE), text_width(queues, _SMALL))
        wide = min(wide, _WIDEST) + 20.0
        return _Piece(wide, _CHIP_TALL, ((0.0, 0.0, wide, tree),), (), ())
    parts = [_piece(one, graph) for one in tree[1]]
    if tree[0] != "chain":
        parts = _alike(parts)
    if tree[0] == "chain":
        return _in_a_row(parts)
    beside = _side_by_side(parts, tree[0])
    if tree[0] == "group" or tree[2] is None:
        return beside
    return _in_a_row([beside, _piece(tree[2], graph)])


def _alike(parts: Sequence[_Piece]) -> list[_Piece]:
    """Give the steps that stand below each other the same width."""
    wide = max((one.w for one in parts if len(one.chips) == 1), default=0.0)
    return [
        one._replace(w=wide, chips=((0.0, 0.0, wide, one.chips[0][3]),))
        if len(one.chips) == 1 and not one.frames
        else one
        for one in parts
    ]


def _in_a_row(parts: Sequence[_Piece]) -> _Piece:
    tall = max(one.h for one in parts)
    x = 0.0
    whole = _Piece(0.0, tall, (), (), ())
    for index, part in enumerate(parts):
        if index:
            line = (x, tall / 2, x + _ACROSS, tall / 2)
            whole = whole._replace(lines=(*whole.lines, line))
            x += _ACROSS
        whole = _with(whole, part.moved(x, (tall - part.h) / 2))
        x += part.w
    return whole._replace(w=x)


def _side_by_side(parts: Sequence[_Piece], word: str) -> _Piece:
    """Return parts below each other in a frame."""
    wide = max(one.w for one in parts) + 2 * _DOWN
    wide = max(wide, text_width(word, _SMALL) + 2 * _DOWN)
    y = _WORD + _DOWN
    whole = _Piece(0.0, 0.0, (), (), ())
    for part in parts:
        whole = _with(whole, part.moved(_DOWN, y))
        y += part.h + _DOWN
    frame = (word, 0.0, 0.0, wide, y)
    # A line enters and leaves in the middle, as everywhere.
    return whole._replace(w=wide, h=y, frames=(frame, *whole.frames))


def _with(whole: _Piece, part: _Piece) -> _Piece:
    return whole._replace(
        chips=whole.chips + part.chips,
        lines=whole.lines + part.lines,
        frames=whole.frames + part.frames,
    )


def _words(graph: MultiDiGraph, task: str) -> tuple[str, str]:
    queues = queues_of(graph, task)
    name = visible(str(graph.nodes[task]["label"]))
    return name, visible("→ " + value_text("", queues) if queues else "→ nowhere")


def _chip(graph: MultiDiGraph, x: float, y: float, w: float, task: str) -> Chip:
    name, queues = _words(graph, task)
    placed = []
    for role, text, size, at in ((NAME, name, _SIZE, 16.0), (NOTE, queues, _SMALL, 30.0)):
        shown = shorten(text, w - 18.0, size)
        placed.append(
            Text(
                role,
                round(x + 10.0, 1),
                round(y + at, 1),
                size,
                shown,
                text,
                text_width(shown, size),
            )
        )
    box = Rect(round(x, 1), round(y, 1), round(w, 1), _CHIP_TALL)
    return Chip(task, box, tuple(placed), f"{name}\n{queues}")


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    return f"M{round(x + 1, 1):g} {round(y, 1):g}L{round(to_x - 2, 1):g} {round(to_y, 1):g}"
