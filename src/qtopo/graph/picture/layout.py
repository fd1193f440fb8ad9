"""Where boxes and lines of a view go: lanes, order, heights, corridors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from qtopo.graph.picture import content as contents
from qtopo.graph.picture import ports
from qtopo.graph.picture.coordinates import heights
from qtopo.graph.picture.metrics import text_width
from qtopo.graph.picture.ordering import ordered
from qtopo.graph.picture.paths import tracks
from qtopo.graph.picture.ranks import Ranks, ranks
from qtopo.graph.picture.scene import Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.graph.picture.content import Content
    from qtopo.graph.picture.paths import Point
    from qtopo.graph.picture.ports import End
    from qtopo.graph.picture.wires import Wire

GAP = 12.0
"""What stays free between boxes of a lane."""
_TRACK = 8.0
_NARROW, _WIDE = 52.0, 190.0
_STEEP = 0.1
_WAYPOINT = 6.0
_FEW, _ROW = 100, 45.0


class Drawn(NamedTuple):
    """A line's corners, its label, and where that stands: left edge and middle."""

    points: tuple[Point, ...]
    hooked: bool
    label: str
    label_x: float
    label_y: float


class Layout(NamedTuple):
    """The boxes of the nodes, the lanes as `(x, width)`, the lines, and how much room it takes."""

    boxes: list[Rect]
    lanes: list[tuple[float, float]]
    lines: list[Drawn]
    width: float
    height: float


def lay_out(
    lane_of: Sequence[int],
    lanes: int,
    said: Sequence[Content],
    lines: Sequence[tuple[int, int, Wire]],
) -> Layout:
    """Return where everything goes; the upper left corner of it all is (0, 0)."""
    proper = ranks(lane_of, [(start, end, wire.kind) for start, end, wire in lines])
    plan = ports.plan(lines, lane_of, lanes, proper)
    parts = ordered(proper)
    tall = [one.height for one in said]
    for end in plan.groups:
        tall[end.node] = max(tall[end.node], ports.needed(plan, end))
    if len(said) <= _FEW:
        # Boxes of one height stand in rows, and lines between them are level.
        same = max((one.height for one in said), default=0.0)
        tall = [max(one, min(same, _ROW)) for one in tall]
    tall += [_WAYPOINT] * (len(proper.left) - proper.real)
    gap = [GAP] * proper.real + [_WAYPOINT] * (len(proper.left) - proper.real)
    y = [round(one, 1) for one in heights(parts, proper, tall, gap)]
    order = [[node for part in parts for node in part[lane]] for lane in range(lanes)]
    return _Corridors(lane_of, lanes, said, lines, proper, plan, order, tall, y).layout()


class _Corridors:
    """Gives lanes and corridors their widths, then draws the lines."""

    def __init__(
        self,
        lane_of: Sequence[int],
        lanes: int,
        said: Sequence[Content],
        lines: Sequence[tuple[int, int, Wire]],
        proper: Ranks,
        plan: ports.Plan,
        order: list[list[int]],
        tall: list[float],
        y: list[float],
    ) -> None:
        self.lane_of, self.lanes, self.said, self.lines = lane_of, lanes, said, lines
        self.proper, self.plan, self.order, self.tall, self.y = proper, plan, order, tall, y
        real = [[node for node in nodes if node < proper.real] for nodes in order]
        self.widths = [contents.room([said[node] for node in nodes]) for nodes in real]
        self.labels = ports.label_room(plan, lane_of, lanes)
        self.ends = {
            (end, line): at
            for end in plan.groups
            for line, at in ports.placed(plan, end, y).items()
        }
        self.track, self.track_room = self._tracks()
        self.x = self._columns()

    def _tracks(self) -> tuple[dict[int, int], list[list[float]]]:
        """Return the track of each line within a lane, and the room of tracks on both sides."""
        within: dict[tuple[int, int], list[int]] = {}
        for index, (start, _) in enumerate(self.plan.ends):
            if not self.proper.ways[index]:
                within.setdefault((self.lane_of[start.node], start.side), []).append(index)
        found: dict[int, int] = {}
        room = [[0.0, 0.0] for _ in range(self.lanes)]
        for (lane, side), members in within.items():
            spans = []
            for one in members:
                first, last = self._heights(one)
                spans.append((first, last))
            which = tracks(spans)
            found.update(zip(members, which, strict=True))
            room[lane][side] = (max(which) + 1) * _TRACK + 6.0
        return found, room

    def _heights(self, line: int) -> tuple[float, float]:
        """Return the heights of both ends; a line from a box to itself has two of its own."""
        start, end = self.plan.ends[line]
        first, last = self.ends[start, line], self.ends[end, line]
        if start == end:
            first, last = first - 4.0, first + 4.0
        return first, last

    def _columns(self) -> list[float]:
        x = [self._side(0, 0)] if self.lanes else []
        for lane in range(1, self.lanes):
            spread = self._spread(lane)
            middle = min(max(_NARROW, spread * _STEEP), _WIDE)
            x.append(
                x[-1]
                + self.widths[lane - 1]
                + self._side(lane - 1, 1)
                + middle
                + self._side(lane, 0)
            )
        return [round(one, 1) for one in x]

    def _side(self, lane: int, side: int) -> float:
        return self.labels[lane][side] + self.track_room[lane][side]

    def _spread(self, lane: int) -> float:
        """Return the greatest height that a line climbs on its way into a lane."""
        y = self.y
        return max(
            (
                abs(y[node] - y[other])
                for node in self.order[lane]
                for other in self.proper.left[node]
            ),
            default=0.0,
        )

    def layout(self) -> Layout:
        boxes = []
        for node in range(self.proper.real):
            lane = self.lane_of[node]
            boxes.append(
                Rect(
                    self.x[lane],
                    round(self.y[node] - self.tall[node] / 2, 1),
                    round(self.widths[lane], 1),
                    round(self.tall[node], 1),
                )
            )
        last = self.lanes - 1
        width = self.x[last] + self.widths[last] + self._side(last, 1) if self.lanes else 0.0
        height = max((one.y + one.h for one in boxes), default=0.0)
        height = max([height, *(self.y[node] for node in range(len(boxes), len(self.y)))])
        return Layout(
            boxes,
            list(zip(self.x, self.widths, strict=True)),
            [self._line(index) for index in range(len(self.lines))],
            round(width, 1),
            round(height, 1),
        )

    def _line(self, index: int) -> Drawn:
        start, end = self.plan.ends[index]
        first, last = self._heights(index)
        x, to_x = self._edge(start), self._edge(end)
        way = self.proper.ways[index]
        points: tuple[Point, ...]
        if not way:
            out = 1.0 if start.side else -1.0
            beside = self.labels[self.lane_of[start.node]][start.side]
            turn = round(x + out * (beside + 6.0 + self.track[index] * _TRACK), 1)
            points = ((x, first), (turn, first), (turn, last), (to_x, last))
        else:
            points = self._points(index, way, x, first, to_x, last)
        label = self.plan.shown[index]
        at = end if self.plan.at[index] else start
        edge, height = (to_x, last) if self.plan.at[index] else (x, first)
        # The arrow's head keeps the label off a box it points at.
        off = 13.0
        left = edge + off if at.side else edge - off - text_width(label, ports.LABEL)
        return Drawn(points, not way, label, round(left, 1), height)

    def _points(
        self, index: int, way: tuple[int, ...], x: float, y: float, to_x: float, to_y: float
    ) -> tuple[Point, ...]:
        """Return the corners of a line between lanes, through its waypoints."""
        forward = way[0] == self.plan.ends[index][0].node
        a, b = ((x, y), (to_x, to_y)) if forward else ((to_x, to_y), (x, y))
        points = [a]
        for before, after in pairwise(way):
            lane = self.lane_of[before] if before < self.proper.real else self._lane(after) - 1
            from_y = a[1] if before == way[0] else self.y[before]
            into_y = b[1] if after == way[-1] else self.y[after]
            left = round(self.x[lane] + self.widths[lane] + self._side(lane, 1), 1)
            right = round(self.x[lane + 1] - self._side(lane + 1, 0), 1)
            points += [(left, from_y), (right, into_y)]
        points.append(b)
        slim = _without_repeats(points)
        return tuple(slim) if forward else tuple(reversed(slim))

    def _lane(self, vertex: int) -> int:
        if vertex < self.proper.real:
            return self.lane_of[vertex]
        return self._lane(self.proper.left[vertex][0]) + 1

    def _edge(self, end: End) -> float:
        lane = self.lane_of[end.node]
        return round(self.x[lane] + (self.widths[lane] if end.side else 0.0), 1)


def _without_repeats(points: Sequence[Point]) -> list[Point]:
    """Return the corners without those in the middle of a level line."""
    slim: list[Point] = []
    for point in points:
        if slim and point == slim[-1]:
            continue
        if len(slim) > 1 and slim[-1][1] == slim[-2][1] == point[1]:
            slim[-1] = point
        else:
            slim.append(point)
    return slim
