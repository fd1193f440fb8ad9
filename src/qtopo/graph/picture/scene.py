"""What is drawn and where: the value that every renderer of the picture reads.

The fields called `count` take the place of a method that tuples have and nobody
misses. All lengths are px, x to the right, y downwards. Every text is already shortened
and without characters that cannot be shown; `full` is the text it stands for, for
a tooltip. Renderers escape; they do not move anything.
"""

from __future__ import annotations

from typing import NamedTuple

NAME, SUB, TAG, LABEL = "name", "sub", "tag", "label"
HEADING, TITLE, NOTE = "heading", "title", "note"
ROLES = (NAME, SUB, TAG, LABEL, HEADING, TITLE, NOTE)
"""What a text is there for; each has its size and colour."""


class Rect(NamedTuple):
    """A rectangle: its left upper corner, its width and height."""

    x: float
    y: float
    w: float
    h: float

    def overlaps(self, other: Rect) -> bool:
        """Whether two rectangles have some area in common."""
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )


class Text(NamedTuple):
    """A line of text; x is its left edge, y its baseline, `width` at least its real width."""

    role: str
    x: float
    y: float
    size: float
    shown: str
    full: str
    width: float

    @property
    def box(self) -> Rect:
        """What the text covers."""
        return Rect(self.x, self.y - self.size, self.width, self.size * 1.25)


class Badge(NamedTuple):
    """How many findings a box has; `severity` is the worst of them."""

    box: Rect
    severity: str
    count: int  # type: ignore[assignment]
    text: Text


class Box(NamedTuple):
    """A node, or a stack of nodes that are alike.

    `id` is the node of the graph; `members` all nodes the box stands for, itself
    among them. `count` is 1, or how many cards a stack has. `tooltip` has all
    the facts and findings, in lines. `change` is added, removed, changed, same or
    nothing (see `qtopo.graph.difference`).
    """

    id: str
    kind: str
    lane: int
    box: Rect
    texts: tuple[Text, ...]
    badge: Badge | None
    count: int  # type: ignore[assignment]
    members: tuple[str, ...]
    tooltip: str
    missing: bool = False
    implicit: bool = False
    off: bool = False
    change: str = ""


class Edge(NamedTuple):
    """An edge, or several of one kind between the same two boxes (`count`).

    `path` is SVG path data from start to end; it is empty where a tag on the
    start's box stands for the edge (`tagged`). `points` are corners of the same
    way: between two that differ in both x and y the path is a smooth S.
    """

    id: str
    start: str
    end: str
    kind: str
    points: tuple[tuple[float, float], ...]
    path: str
    label: Text | None
    tooltip: str
    tagged: bool = False
    active: bool = True
    count: int = 1  # type: ignore[assignment]
    change: str = ""


class Lane(NamedTuple):
    """A column of boxes."""

    kinds: tuple[str, ...]
    heading: Text
    box: Rect


class Chip(NamedTuple):
    """A step of a workflow: a task, and the queue it goes to."""

    task: str
    box: Rect
    texts: tuple[Text, ...]
    tooltip: str


class Canvas(NamedTuple):
    """A workflow drawn as what it is; `lines` are path data of arrows, `frames` its groups."""

    id: str
    box: Rect
    texts: tuple[Text, ...]
    chips: tuple[Chip, ...]
    lines: tuple[str, ...]
    frames: tuple[tuple[str, Rect], ...]


class Key(NamedTuple):
    """An entry of the legend: a kind of node, of edge, or a sign; drawn in `box` before the text.

    `what` is "node", "edge" or "badge"; `name` the kind, or the severity.
    """

    what: str
    name: str
    box: Rect
    text: Text


class Scene(NamedTuple):
    """A whole picture."""

    width: float
    height: float
    title: str
    description: str
    texts: tuple[Text, ...]
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    canvases: tuple[Canvas, ...]
    legend: tuple[Key, ...]
    view: str = "flow"
