"""What of a graph has to be put in order together, and what follows from that.

Parts that hang together have nothing to do with each other. Of a part, the outer lanes
whose nodes have one neighbour further in at most, as tasks that have one route each,
follow the order of that neighbour and never cross: only the core between them is a
matter of search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.graph.picture.places import Lanes
    from qtopo.graph.picture.ranks import Ranks


def parts(ranks: Ranks) -> list[Lanes]:
    """Return the lanes of each part that hangs together; nodes without lines come last."""
    part_of: dict[int, int] = {}
    found: list[Lanes] = []
    lane_of = {node: lane for lane, nodes in enumerate(ranks.lanes) for node in nodes}
    lanes_of = range(len(ranks.lanes))
    alone: list[Lanes] = []
    for start in range(len(ranks.left)):
        if start in part_of:
            continue
        if not ranks.left[start] and not ranks.right[start] and start not in ranks.beside:
            alone.append([[start] if lane == lane_of[start] else [] for lane in lanes_of])
            continue
        lanes: Lanes = [[] for _ in ranks.lanes]
        todo = [start]
        part_of[start] = len(found)
        while todo:
            node = todo.pop()
            lanes[lane_of[node]].append(node)
            for other in (*ranks.left[node], *ranks.right[node], *ranks.beside.get(node, ())):
                if other not in part_of:
                    part_of[other] = len(found)
                    todo.append(other)
        found.append(lanes)
    return found + alone


def core(ranks: Ranks, lanes: Lanes) -> tuple[int, int]:
    """Return the first lane of a part's core and the one behind its last."""
    first, last = 0, len(lanes) - 1
    while first < last and all(len(ranks.right[node]) < 2 for node in lanes[first]):
        first += 1
    while first < last and all(len(ranks.left[node]) < 2 for node in lanes[last]):
        last -= 1
    return first, last + 1


def alone(ranks: Ranks, lanes: Lanes) -> Ranks:
    """Return the graph in which nothing hangs on the outer of some lanes."""
    left, right = list(ranks.left), list(ranks.right)
    for node in lanes[0]:
        left[node] = []
    for node in lanes[-1]:
        right[node] = []
    return ranks._replace(left=left, right=right)


def hung(nodes: list[int], inward: list[list[int]], position: list[int]) -> list[int]:
    """Return an outer lane in the order of its nodes' neighbours, and note their places."""
    end = len(position)
    order = sorted(
        nodes, key=lambda node: (position[inward[node][0]] if inward[node] else end, node)
    )
    for index, node in enumerate(order):
        position[node] = index
    return order
