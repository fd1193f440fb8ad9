"""The order of nodes in their lanes, so that few lines cross.

Sweeps from several first orders that put each node at the mean of its neighbours
(Sugiyama's barycentre); then, for the best of them, exchanges of adjacent nodes as
long as they help, with rounds between in which exchanges that cost nothing are made
too; at last moves of what has many neighbours. A long lane between two short ones,
which is what most topologies come down to, has a search of its own (`hubs`). Parts of
the graph that hang together are put in order one by one and never interleave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.graph.picture import hubs
from qtopo.graph.picture.exchanges import exchange, exchanged, moved
from qtopo.graph.picture.parts import alone, core, hung, parts
from qtopo.graph.picture.places import counted, middle, share, stand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.graph.picture.places import Lanes
    from qtopo.graph.picture.ranks import Ranks

_TRIAL, _SWEEPS = 4, 24
_PATIENCE = 2
_PLAIN, _MIXED = 1, 2
"""Where more lines share their ends, to move hubs takes long and finds little."""


class _Effort(NamedTuple):
    """How much is tried where the core of a part has up to so many nodes and waypoints.

    First orders without a reason; how many are swept on, and finished; rounds of exchanges
    for those; and how far nodes of short lanes are moved in the best. Of a long lane between
    short ones: of how many hubs every order is tried, and how many of these are finished.
    """

    nodes: float
    mixed: int
    kept: int
    finished: int
    rounds: int
    moves: int
    largest: int
    best: int


_EFFORTS = (
    _Effort(40, 60, 16, 6, 4, 3, 5, 8),
    _Effort(90, 16, 4, 1, 0, 1, 4, 1),
    _Effort(400, 30, 10, 3, 2, 2, 4, 1),
    _Effort(1500, 18, 6, 3, 2, 0, 0, 0),
    _Effort(float("inf"), 6, 3, 1, 2, 0, 0, 0),
)


def ordered(ranks: Ranks) -> list[Lanes]:
    """Return the parts that hang together, each with its nodes in order, from the top down."""
    position = [0] * len(ranks.left)
    return [_part(ranks, part, position) for part in parts(ranks)]


def _part(ranks: Ranks, lanes: Lanes, position: list[int]) -> Lanes:
    if max(map(len, lanes), default=0) < 2:
        return lanes
    first, last = core(ranks, lanes)
    found = [sorted(nodes) for nodes in lanes]
    if last - first > 1:
        inner = found[first:last]
        found[first:last] = _core(alone(ranks, inner), inner, position)
    stand(found[first:last], position)
    for lane in range(first - 1, -1, -1):
        found[lane] = hung(found[lane], ranks.right, position)
    for lane in range(last, len(found)):
        found[lane] = hung(found[lane], ranks.left, position)
    return found


def _core(ranks: Ranks, lanes: Lanes, position: list[int]) -> Lanes:
    """Return the best order that is found of lanes on which nothing else hangs."""
    size = sum(map(len, lanes))
    effort = next(one for one in _EFFORTS if size <= one.nodes)
    if not hubs.around(lanes):
        return _searched(lanes, ranks, position, effort)[0]
    share = hubs.shared(lanes, ranks)
    few = effort.largest and min(len(lanes[0]), len(lanes[2])) <= effort.largest + 2
    if share <= _PLAIN and few:
        return hubs.between(lanes, ranks, position, effort.largest, effort.best)[0]
    found, count = _searched(lanes, ranks, position, effort)
    if count and share <= _MIXED:
        found, count = hubs.improved(found, count, ranks, position)
    return found


def _searched(
    lanes: Lanes, ranks: Ranks, position: list[int], effort: _Effort
) -> tuple[Lanes, int]:
    """Sweep from several first orders, and finish the best of what is found."""
    starts = [
        _depth_first(lanes, ranks.right, ranks.left),
        [list(nodes) for nodes in lanes],
        _depth_first(lanes[::-1], ranks.left, ranks.right)[::-1],
    ]
    starts += [_mixed(lanes, turn) for turn in range(1, effort.mixed + 1)]
    tried = []
    for index, start in enumerate(starts):
        stand(start, position)
        # Which side is swept first decides where it ends: both have their turn.
        first = index % 2
        _sweep(start, ranks, position, range(first, first + _TRIAL))
        count = counted(start, ranks.right, position)
        if not count:
            return start, 0
        tried.append((count, index, start))
    swept = []
    for count, index, start in _best(tried, effort.kept):
        count, found = _swept(start, count, ranks, position, index % 2)
        swept.append((count, index, found))
    best: Lanes = []
    least = -1
    for count, _, found in _best(swept, effort.finished):
        lanes, count = _finished(found, count, ranks, position, effort.rounds)
        if least < 0 or count < least:
            best, least = lanes, count
        if not least:
            return best, 0
    return moved(best, least, ranks, position, effort.moves)


def _best(orders: list[tuple[int, int, Lanes]], most: int) -> list[tuple[int, int, Lanes]]:
    """Return the best orders; of those with the same crossings, mostly the same order, one."""
    different: dict[int, tuple[int, int, Lanes]] = {}
    for one in sorted(orders, key=_first_two):
        different.setdefault(one[0], one)
    return list(different.values())[:most]


def _finished(
    start: Lanes, least: int, ranks: Ranks, position: list[int], rounds: int
) -> tuple[Lanes, int]:
    """Make the best of an order that sweeps have found."""
    lanes, least = _drawn_together(start, least, ranks, position)
    lanes, least = exchanged([list(nodes) for nodes in lanes], least, ranks, position)
    best, count = [list(nodes) for nodes in lanes], least
    for turn in range(rounds):
        if not least:
            break
        # What costs nothing may open the way for what saves something.
        for nodes in lanes[:: -1 if turn % 2 else 1]:
            count -= exchange(nodes, ranks, position, least=0)
        lanes, count = exchanged(lanes, count, ranks, position)
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
    stand(lanes, position)
    best = start
    worse = 0
    for turn in range(first + _TRIAL, first + _SWEEPS):
        _sweep(lanes, ranks, position, (turn,))
        count = counted(lanes, ranks.right, position)
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


def _drawn_together(
    start: Lanes, least: int, ranks: Ranks, position: list[int]
) -> tuple[Lanes, int]:
    """Sweep on with the mean of both sides at once; places count as parts of their lanes."""
    lanes = [list(nodes) for nodes in start]
    best = start
    shares = [0.0] * len(position)
    for nodes in lanes:
        share(nodes, shares)
    worse = 0
    for turn in range(_SWEEPS):
        # By turns, a side counts as much as the other, and a line as much as any.
        lines = turn % 4 >= 2
        for nodes in lanes if turn % 2 else lanes[::-1]:
            keys = {node: middle(node, ranks, shares, lines=lines) for node in nodes}
            nodes.sort(key=keys.__getitem__)
            share(nodes, shares)
        stand(lanes, position)
        count = counted(lanes, ranks.right, position)
        if count < least:
            best, least, worse = [list(nodes) for nodes in lanes], count, 0
        else:
            worse += 1
            if worse > _PATIENCE:
                break
    return best, least


def _by_mean(nodes: list[int], beside: list[list[int]], position: list[int]) -> None:
    """Sort a lane by the mean place of the neighbours on one side; who has none stays."""
    some = [node for node in nodes if beside[node]]
    means = {
        node: position[others[0]]
        if len(others := beside[node]) == 1
        else sum([position[one] for one in others]) / len(others)
        for node in some
    }
    some.sort(key=means.__getitem__)
    if len(some) < len(nodes):
        movable = iter(some)
        some = [next(movable) if node in means else node for node in nodes]
    nodes[:] = some
    for index, node in enumerate(nodes):
        position[node] = index


def _first_two(one: tuple[int, int, Lanes]) -> tuple[int, int]:
    return one[0], one[1]
