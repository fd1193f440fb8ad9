"""The order of nodes in their lanes, so that few lines cross.

Sweeps from several first orders that put each node at the mean of its neighbours
(Sugiyama's barycentre); then, for the best of them, exchanges of adjacent nodes as
long as they help, with rounds between in which exchanges that cost nothing are made
too. Parts of the graph that hang together are put in order one by one and never
interleave.
"""

from __future__ import annotations

from bisect import bisect_right
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.graph.picture.ranks import Ranks

Lanes = list[list[int]]
_TRIAL, _SWEEPS = 4, 24
_PATIENCE = 2
_EXCHANGES = 12


class _Effort(NamedTuple):
    """How much is tried: first orders without a reason, how many are swept on, finished; rounds."""

    mixed: int
    kept: int
    finished: int
    rounds: int


_SMALL = 130
"""Up to so many nodes and waypoints, more is tried: it costs next to nothing."""
_MOST, _USUAL = _Effort(24, 12, 6, 8), _Effort(6, 3, 1, 2)


def ordered(ranks: Ranks) -> list[Lanes]:
    """Return the parts that hang together, each with its nodes in order, from the top down."""
    position = [0] * len(ranks.left)
    return [_part(ranks, part, position) for part in _parts(ranks)]


def crossings(lanes: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> int:
    """Return how many pairs of lines cross, between every two lanes that are neighbours."""
    position = [0] * len(right)
    for nodes in lanes:
        for index, node in enumerate(nodes):
            position[node] = index
    return _crossings(lanes, right, position)


def _crossings(
    lanes: Sequence[Sequence[int]], right: Sequence[Sequence[int]], position: list[int]
) -> int:
    total = 0
    for nodes in lanes[:-1]:
        # The places where lines end so far, in order.
        seen: list[int] = []
        for node in nodes:
            ends = right[node]
            if len(ends) == 1:
                end = position[ends[0]]
                if seen and end < seen[-1]:
                    at = bisect_right(seen, end)
                    total += len(seen) - at
                    seen.insert(at, end)
                else:
                    seen.append(end)
            elif ends:
                where = sorted([position[end] for end in ends])
                if seen and where[0] < seen[-1]:
                    count = len(seen)
                    total += sum([count - bisect_right(seen, end) for end in where])
                    seen += where
                    # Two sorted runs: that is merging them.
                    seen.sort()
                else:
                    seen += where
    return total


def _parts(ranks: Ranks) -> list[Lanes]:
    """Return the lanes of each part that hangs together; nodes without lines come last."""
    part_of: dict[int, int] = {}
    parts: list[Lanes] = []
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
        part_of[start] = len(parts)
        while todo:
            node = todo.pop()
            lanes[lane_of[node]].append(node)
            for other in (*ranks.left[node], *ranks.right[node], *ranks.beside.get(node, ())):
                if other not in part_of:
                    part_of[other] = len(parts)
                    todo.append(other)
        parts.append(lanes)
    return parts + alone


def _part(ranks: Ranks, lanes: Lanes, position: list[int]) -> Lanes:
    size = sum(map(len, lanes))
    if max(map(len, lanes), default=0) < 2:
        return lanes
    starts = [
        _depth_first(lanes, ranks.right, ranks.left),
        [sorted(nodes) for nodes in lanes],
        _depth_first(lanes[::-1], ranks.left, ranks.right)[::-1],
    ]
    effort = _MOST if size <= _SMALL else _USUAL
    starts += [_mixed(lanes, turn) for turn in range(1, effort.mixed + 1)]
    tried = []
    for index, start in enumerate(starts):
        _stand(start, position)
        # Which side is swept first decides where it ends: both have their turn.
        first = index % 2
        _sweep(start, ranks, position, range(first, first + _TRIAL))
        count = _crossings(start, ranks.right, position)
        if not count:
            return start
        tried.append((count, index, start))
    tried.sort(key=_first_two)
    swept = []
    for count, index, start in tried[: effort.kept]:
        count, found = _swept(start, count, ranks, position, index % 2)
        swept.append((count, index, found))
    swept.sort(key=_first_two)
    best: Lanes = []
    least = -1
    for count, _, found in swept[: effort.finished]:
        lanes, count = _finished(found, count, ranks, position, effort.rounds)
        if least < 0 or count < least:
            best, least = lanes, count
    return best


def _finished(
    start: Lanes, least: int, ranks: Ranks, position: list[int], rounds: int
) -> tuple[Lanes, int]:
    """Make the best of an order that sweeps have found."""
    lanes, least = _drawn_together(start, least, ranks, position)
    lanes, least = _exchanged([list(nodes) for nodes in lanes], least, ranks, position)
    best, count = [list(nodes) for nodes in lanes], least
    for turn in range(rounds):
        if not least:
            break
        # What costs nothing may open the way for what saves something.
        for nodes in lanes[:: -1 if turn % 2 else 1]:
            count -= _exchange(nodes, ranks, position, least=0)
        lanes, count = _exchanged(lanes, count, ranks, position)
        if count < least:
            best, least = [list(nodes) for nodes in lanes], count
    return best, least


def _depth_first(lanes: Lanes, ahead: list[list[int]], behind: list[list[int]]) -> Lanes:
    """Return the lanes in the order a walk finds their nodes: what belongs together is together."""
    lane_of = {node: lane for lane, nodes in enumerate(lanes) for node in nodes}
    found: Lanes = [[] for _ in lanes]
    seen: set[int] = set()
    for nodes in lanes:
        for start in sorted(nodes):
            todo = [start]
            while todo:
                node = todo.pop()
                if node in seen:
                    continue
                seen.add(node)
                found[lane_of[node]].append(node)
                todo.extend(reversed(behind[node]))
                todo.extend(reversed(ahead[node]))
    return found


def _mixed(lanes: Lanes, turn: int) -> Lanes:
    """Return the lanes in an order that has no reason, the same in every run."""
    factor = 2654435761 * (2 * turn + 1)
    return [
        sorted(nodes, key=lambda node: ((node + turn) * factor >> 7) & 0xFFFF) for nodes in lanes
    ]


def _swept(
    start: Lanes, least: int, ranks: Ranks, position: list[int], first: int
) -> tuple[int, Lanes]:
    """Sweep on as long as it helps; returns the best order with its crossings."""
    lanes = [list(nodes) for nodes in start]
    _stand(lanes, position)
    best = start
    worse = 0
    for turn in range(first + _TRIAL, first + _SWEEPS):
        _sweep(lanes, ranks, position, (turn,))
        count = _crossings(lanes, ranks.right, position)
        if count < least:
            best, least, worse = [list(nodes) for nodes in lanes], count, 0
        else:
            worse += 1
            if worse > _PATIENCE:
                break
    return least, best


def _sweep(lanes: Lanes, ranks: Ranks, position: list[int], turns: Iterable[int]) -> None:
    """Go over all lanes, by turns to the right and to the left."""
    for turn in turns:
        if turn % 2 == 0:
            for index in range(1, len(lanes)):
                _by_mean(lanes[index], ranks.left, position)
        else:
            for index in range(len(lanes) - 2, -1, -1):
                _by_mean(lanes[index], ranks.right, position)


def _stand(lanes: Lanes, position: list[int]) -> None:
    for nodes in lanes:
        for index, node in enumerate(nodes):
            position[node] = index


def _drawn_together(
    start: Lanes, least: int, ranks: Ranks, position: list[int]
) -> tuple[Lanes, int]:
    """Sweep on with the mean of both sides at once; places count as parts of their lanes."""
    lanes = [list(nodes) for nodes in start]
    best = start
    share = [0.0] * len(position)
    for nodes in lanes:
        _share(nodes, share)
    worse = 0
    for turn in range(_SWEEPS):
        # By turns, a side counts as much as the other, and a line as much as any.
        lines = turn % 4 >= 2
        for nodes in lanes if turn % 2 else lanes[::-1]:
            keys = {node: _middle(node, ranks, share, lines=lines) for node in nodes}
            nodes.sort(key=keys.__getitem__)
            _share(nodes, share)
        _stand(lanes, position)
        count = _crossings(lanes, ranks.right, position)
        if count < least:
            best, least, worse = [list(nodes) for nodes in lanes], count, 0
        else:
            worse += 1
            if worse > _PATIENCE:
                break
    return best, least


def _share(nodes: list[int], share: list[float]) -> None:
    for index, node in enumerate(nodes):
        share[node] = (index + 0.5) / len(nodes)


def _middle(node: int, ranks: Ranks, share: list[float], *, lines: bool) -> float:
    left, right = ranks.left[node], ranks.right[node]
    if left and right:
        first, second = fsum([share[one] for one in left]), fsum([share[one] for one in right])
        if lines:
            return (first + second) / (len(left) + len(right))
        return (first / len(left) + second / len(right)) / 2
    others = left or right
    return fsum([share[one] for one in others]) / len(others) if others else share[node]


def _by_mean(nodes: list[int], beside: list[list[int]], position: list[int]) -> None:
    """Sort a lane by the mean place of the neighbours on one side; who has none stays."""
    means: list[tuple[float, int]] = []
    for node in nodes:
        others = beside[node]
        if len(others) == 1:
            means.append((position[others[0]], node))
        elif others:
            means.append((sum([position[one] for one in others]) / len(others), node))
    if len(means) < len(nodes):
        movable = iter(sorted(means, key=_first))
        nodes[:] = [next(movable)[1] if beside[node] else node for node in nodes]
    else:
        means.sort(key=_first)
        nodes[:] = [node for _, node in means]
    for index, node in enumerate(nodes):
        position[node] = index


def _first(pair: tuple[float, int]) -> float:
    return pair[0]


def _first_two(one: tuple[int, int, Lanes]) -> tuple[int, int]:
    return one[0], one[1]


def _exchanged(lanes: Lanes, least: int, ranks: Ranks, position: list[int]) -> tuple[Lanes, int]:
    """Exchange neighbours in each lane while that saves crossings."""
    _stand(lanes, position)
    for _ in range(_EXCHANGES):
        if not least:
            break
        saved = sum(_exchange(nodes, ranks, position) for nodes in lanes)
        if not saved:
            break
        least -= saved
    return lanes, least


def _exchange(nodes: list[int], ranks: Ranks, position: list[int], least: int = 1) -> int:
    """Go over one lane once, exchange what saves so many crossings; returns how many it saved.

    It goes up and down, but for exchanges that save nothing only down: it would undo them.
    """
    place = position.__getitem__
    left = {node: sorted(map(place, ranks.left[node])) for node in nodes}
    right = {node: sorted(map(place, ranks.right[node])) for node in nodes}
    saved = 0
    last = len(nodes) - 1
    back = range(last - 1, -1, -1) if least else ()
    for index in (*range(last), *back):
        one, other = nodes[index], nodes[index + 1]
        gain = 0
        if left[one] and left[other]:
            gain = _gain(left[one], left[other])
        if right[one] and right[other]:
            gain += _gain(right[one], right[other])
        if gain >= least:
            nodes[index], nodes[index + 1] = other, one
            saved += gain
    for index, node in enumerate(nodes):
        position[node] = index
    return saved


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
