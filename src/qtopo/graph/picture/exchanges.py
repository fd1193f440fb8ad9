"""Exchanges of nodes in an order of lanes, made as long as they save crossings.

Neighbours in a lane change places where that helps. Where a lane is much longer than
those beside it, as queues between exchanges and workers, that finds no way out of an
order in which many nodes would have to move at once. So nodes of the short lanes are
moved too, and the long lanes put in order anew after each move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.graph.picture.places import counted, middle, share, stand

if TYPE_CHECKING:
    from qtopo.graph.picture.places import Lanes
    from qtopo.graph.picture.ranks import Ranks

_EXCHANGES = 12
_SHORT = 2
"""A lane is short if it goes so many times into the longest."""
_TURNS = 2
_NEAR = 2
"""A move that costs fewer crossings may still save some when neighbours are exchanged."""


def exchanged(lanes: Lanes, least: int, ranks: Ranks, position: list[int]) -> tuple[Lanes, int]:
    """Exchange neighbours in each lane while that saves crossings."""
    stand(lanes, position)
    for _ in range(_EXCHANGES):
        if not least:
            break
        saved = sum(exchange(nodes, ranks, position) for nodes in lanes)
        if not saved:
            break
        least -= saved
    return lanes, least


def exchange(nodes: list[int], ranks: Ranks, position: list[int], least: int = 1) -> int:
    """Go over one lane once, exchange what saves so many crossings; returns how many it saved.

    It goes up and down, but for exchanges that save nothing only down: it would undo them.
    """
    left, right = _ends(nodes, ranks.left, position), _ends(nodes, ranks.right, position)
    saved = 0
    last = len(nodes) - 1
    back = range(last - 1, -1, -1) if least else ()
    for index in (*range(last), *back):
        one, other = nodes[index], nodes[index + 1]
        gain = 0
        for ends in (left, right):
            upper, lower = ends[one], ends[other]
            if len(upper) == len(lower) == 1:
                # Most are so, and this is done very often.
                gain += (upper[0] > lower[0]) - (upper[0] < lower[0])
            elif upper and lower:
                gain += _gain(upper, lower)
        if gain >= least:
            nodes[index], nodes[index + 1] = other, one
            saved += gain
    for index, node in enumerate(nodes):
        position[node] = index
    return saved


def _ends(nodes: list[int], beside: list[list[int]], position: list[int]) -> dict[int, list[int]]:
    """Return the places of each node's neighbours on one side, in order."""
    return {
        node: [position[others[0]]]
        if len(others := beside[node]) == 1
        else sorted([position[one] for one in others])
        for node in nodes
    }


def _gain(upper: list[int], lower: list[int]) -> int:
    """Return how many crossings fewer two nodes have when the lower comes first."""
    if upper[-1] <= lower[0]:
        # They do not cross as they are.
        return -_pairs(lower, upper) if upper[0] < lower[-1] else 0
    return _pairs(upper, lower) - _pairs(lower, upper)


def _pairs(upper: list[int], lower: list[int]) -> int:
    """Return how many pairs there are of an upper one greater than a lower one."""
    if len(upper) == 1:
        return sum([one < upper[0] for one in lower])
    total = index = 0
    size = len(lower)
    for one in upper:
        while index < size and lower[index] < one:
            index += 1
        total += index
    return total


def moved(
    start: Lanes, least: int, ranks: Ranks, position: list[int], furthest: int
) -> tuple[Lanes, int]:
    """Move nodes of short lanes by up to so many places while that saves crossings."""
    longest = max(map(len, start))
    short = [lane for lane, nodes in enumerate(start) if 1 < len(nodes) <= longest // _SHORT]
    best = start
    # One place up is another node's one place down.
    moves = [1, *(by for far in range(2, furthest + 1) for by in (far, -far))]
    for _ in range(_TURNS if furthest else 0):
        before = least
        for lane in short:
            for by in moves:
                best, least = _moved_by(best, least, ranks, position, lane, by, short)
        if least == before:
            break
    return best, least


def _moved_by(
    best: Lanes,
    least: int,
    ranks: Ranks,
    position: list[int],
    lane: int,
    by: int,
    short: list[int],
) -> tuple[Lanes, int]:
    """Try to move each node of a lane by so many places, and keep what saves crossings."""
    left, right = ranks.left, ranks.right
    shares = [0.0] * len(position)
    stand(best, position)
    for nodes in best:
        share(nodes, shares)
    for at in range(max(0, -by), len(best[lane]) - max(0, by)):
        row = list(best[lane])
        row.insert(at + by, row.pop(at))
        share(row, shares)
        lanes = [row if index == lane else list(nodes) for index, nodes in enumerate(best)]
        long = [nodes for index, nodes in enumerate(lanes) if index not in short]
        for nodes in long:
            keys = {
                node: (shares[one[0]] + shares[other[0]]) / 2
                # Most are so, and what is not has to be reckoned.
                if len(one := left[node]) == 1 == len(other := right[node])
                else middle(node, ranks, shares, lines=False)
                for node in nodes
            }
            nodes.sort(key=keys.__getitem__)
        stand([row, *long], position)
        count = counted(lanes, ranks.right, position)
        if count < least + _NEAR:
            count -= sum([exchange(nodes, ranks, position) for nodes in long])
        if count < least:
            best, least = lanes, count
            for nodes in best:
                share(nodes, shares)
        else:
            share(best[lane], shares)
    return best, least
