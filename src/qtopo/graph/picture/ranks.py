"""A graph in lanes, made proper: every line leads from a lane to the next.

Nodes are numbers. An edge that skips lanes is led through each of them by a
waypoint; edges of a kind that skip to the same node share theirs, as they would
run side by side. Edges within a lane are no matter of order and stay out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


class Ranks(NamedTuple):
    """Lanes of nodes and waypoints, their neighbours, and the way of each edge.

    `lanes` are in the order given, waypoints last; `left` and `right` the
    neighbours of each node in the lanes beside it, each once. `ways[e]` is the
    edge `e` from left to right, or empty within a lane. Numbers from `real` on
    are waypoints. `beside` are the neighbours within a lane of nodes that have some.
    """

    lanes: list[list[int]]
    left: list[list[int]]
    right: list[list[int]]
    ways: list[tuple[int, ...]]
    real: int
    beside: dict[int, list[int]]


def ranks(lane_of: Sequence[int], edges: Sequence[tuple[int, int, Hashable]]) -> Ranks:
    """Return the proper graph of nodes in lanes and edges `(start, end, bundle)`.

    Edges that lead to the same node and have the same bundle share waypoints.
    """
    real = len(lane_of)
    lanes: list[list[int]] = [[] for _ in range(max(lane_of, default=-1) + 1)]
    for node, lane in enumerate(lane_of):
        lanes[lane].append(node)
    total = real
    waypoints: dict[tuple[int, int, Hashable], int] = {}
    segments: dict[tuple[int, int], None] = {}
    ways: list[tuple[int, ...]] = []
    beside: dict[int, list[int]] = {}
    for start, end, bundle in edges:
        first, last = lane_of[start], lane_of[end]
        if first == last:
            ways.append(())
            if start != end:
                beside.setdefault(start, []).append(end)
                beside.setdefault(end, []).append(start)
            continue
        a, b = (start, end) if first < last else (end, start)
        way = [a]
        for lane in range(lane_of[a] + 1, lane_of[b]):
            point = waypoints.get((end, lane, bundle))
            if point is None:
                point = waypoints[end, lane, bundle] = total
                lanes[lane].append(point)
                total += 1
            way.append(point)
        way.append(b)
        ways.append(tuple(way))
        for one in range(len(way) - 1):
            segments[way[one], way[one + 1]] = None
    left: list[list[int]] = [[] for _ in range(total)]
    right: list[list[int]] = [[] for _ in range(total)]
    for a, b in segments:
        right[a].append(b)
        left[b].append(a)
    return Ranks(lanes, left, right, ways, real, beside)
