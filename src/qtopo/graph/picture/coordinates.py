"""How high each node stands: as near to its neighbours as the order of its lane lets it.

For one lane at a time that is a least-squares problem with an exact answer
(isotonic regression, by pooling adjacent violators); sweeps over the lanes bring
them into line with each other.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.graph.picture.ranks import Ranks

_SWEEPS = 12
_STILL = 0.5
_WAYPOINT = 4
"""How often a line counts that leads from a waypoint to the next: it is to be level."""
_DETOUR = 30.0


def heights(
    parts: Sequence[Sequence[Sequence[int]]],
    ranks: Ranks,
    tall: Sequence[float],
    gap: Sequence[float],
) -> list[float]:
    """Return the y of the middle of each node, the topmost edge at 0.

    `parts` are the lanes of each part that hangs together; each stands as high as
    those before it let it. `tall` is how tall each node is, `gap` what stays free
    above and below it.
    """
    y = [0.0] * len(tall)
    # How far down each lane is taken, and the gap that its last node asks for.
    taken = [(0.0, 0.0)] * max((len(lanes) for lanes in parts), default=0)
    for lanes in parts:
        _align(lanes, ranks, tall, gap, y)
        _straighten(lanes, ranks, tall, gap, y)
        down = -float("inf")
        for (low, free), nodes in zip(taken, lanes, strict=True):
            if nodes:
                first = nodes[0]
                above = low + max(free, gap[first]) if low else 0.0
                down = max(down, above + tall[first] / 2 - y[first])
        for lane, nodes in enumerate(lanes):
            for node in nodes:
                y[node] += down
            if nodes:
                taken[lane] = (y[nodes[-1]] + tall[nodes[-1]] / 2, gap[nodes[-1]])
    return y


def _align(
    lanes: Sequence[Sequence[int]],
    ranks: Ranks,
    tall: Sequence[float],
    gap: Sequence[float],
    y: list[float],
) -> None:
    """Bring the nodes of one part into line with each other."""
    offsets = []
    for nodes in lanes:
        offset = _offsets(nodes, tall, gap)
        offsets.append(offset)
    most = max((one[-1] for one in offsets if one), default=0.0)
    for nodes, offset in zip(lanes, offsets, strict=True):
        shift = (most - offset[-1]) / 2 if offset else 0.0
        for node, one in zip(nodes, offset, strict=True):
            y[node] = one + shift
    first, second = (_pulls(lanes, ranks, side) for side in (ranks.left, ranks.right))
    last = len(lanes) - 1
    for turn in range(_SWEEPS):
        moved = 0.0
        if turn == _SWEEPS - 4:
            first = second = [
                [one + other for one, other in zip(*both, strict=True)]
                for both in zip(first, second, strict=True)
            ]
        pulls = second if turn % 2 else first
        for index in range(last, -1, -1) if turn % 2 else range(last + 1):
            far = _settle(lanes[index], offsets[index], pulls[index], y, ranks.beside)
            moved = max(moved, far)
        if moved < _STILL:
            break


def _pulls(
    lanes: Sequence[Sequence[int]], ranks: Ranks, side: Sequence[Sequence[int]]
) -> list[list[list[int]]]:
    """Return the neighbours of each node in lanes on one side, each as often as it counts."""
    real = ranks.real
    return [
        [
            list(side[node])
            if node < real
            else [one for one in side[node] for _ in range(_WAYPOINT if one >= real else 1)]
            for node in nodes
        ]
        for nodes in lanes
    ]


def _straighten(
    lanes: Sequence[Sequence[int]],
    ranks: Ranks,
    tall: Sequence[float],
    gap: Sequence[float],
    y: list[float],
) -> None:
    """Make a line through several lanes level where there is room, so that it does not waver."""
    room = _Room(lanes, tall, gap, y)
    for nodes in lanes:
        for node in nodes:
            if node < ranks.real or _before(node, ranks) >= ranks.real:
                continue
            chain = [node]
            while _behind(chain[-1], ranks) >= ranks.real:
                chain.append(_behind(chain[-1], ranks))
            low = max(room.above(one) for one in chain)
            high = min(room.below(one) for one in chain)
            if low > high:
                continue
            ends = [_before(node, ranks), _behind(chain[-1], ranks)]
            wished = [y[end] for end in ends if end >= 0]
            mean = fsum([y[one] for one in chain]) / len(chain)
            # Level with a box at one end, if that is no detour; else as it was in the mean.
            near = min(wished, key=lambda one: abs(one - mean), default=mean)
            to = near if low <= near <= high and abs(near - mean) < _DETOUR else mean
            for one in chain:
                y[one] = min(max(to, low), high)


class _Room:
    """Knows between which heights a node can move without its neighbours in the lane."""

    def __init__(
        self,
        lanes: Sequence[Sequence[int]],
        tall: Sequence[float],
        gap: Sequence[float],
        y: Sequence[float],
    ) -> None:
        self.tall, self.gap, self.y = tall, gap, y
        self.place = {node: (nodes, at) for nodes in lanes for at, node in enumerate(nodes)}

    def above(self, node: int) -> float:
        """Return the least y."""
        nodes, at = self.place[node]
        return self.y[nodes[at - 1]] + self._apart(nodes[at - 1], node) if at else -float("inf")

    def below(self, node: int) -> float:
        """Return the greatest y."""
        nodes, at = self.place[node]
        if at + 1 == len(nodes):
            return float("inf")
        return self.y[nodes[at + 1]] - self._apart(nodes[at + 1], node)

    def _apart(self, one: int, other: int) -> float:
        return (self.tall[one] + self.tall[other]) / 2 + max(self.gap[one], self.gap[other])


def _before(node: int, ranks: Ranks) -> int:
    """Return the one neighbour to the left; -1 where there are several."""
    return ranks.left[node][0] if len(ranks.left[node]) == 1 else -1


def _behind(node: int, ranks: Ranks) -> int:
    """Return the one neighbour to the right, which has this one alone; else -1."""
    after = ranks.right[node]
    if len(after) != 1 or (after[0] >= ranks.real and len(ranks.left[after[0]]) != 1):
        return -1
    return after[0]


def _offsets(nodes: Sequence[int], tall: Sequence[float], gap: Sequence[float]) -> list[float]:
    """Return how far each node is at least below the first of its lane."""
    found: list[float] = []
    at = 0.0
    before = -1
    for node in nodes:
        if before >= 0:
            at += (tall[before] + tall[node]) / 2 + max(gap[before], gap[node])
        found.append(at)
        before = node
    return found


def _settle(
    nodes: Sequence[int],
    offsets: Sequence[float],
    pulls: Sequence[Sequence[int]],
    y: list[float],
    beside: Mapping[int, Sequence[int]],
) -> float:
    """Move the nodes of a lane to where they want to be; returns the longest move."""
    # Blocks of nodes that touch: the sum of weights, of weighted wishes, and where they end.
    weights: list[float] = []
    wishes: list[float] = []
    ends: list[int] = []
    triples = zip(nodes, offsets, pulls, strict=True)
    for end, (node, offset, others) in enumerate(triples, 1):
        if len(others) == 1:
            weight, wish = 1.0, y[others[0]] - offset
        elif others:
            weight = float(len(others))
            wish = fsum([y[one] for one in others]) - weight * offset
        else:
            near = beside.get(node)
            weight = 0.01
            total = weight * (fsum([y[one] for one in near]) / len(near) if near else y[node])
            wish = total - weight * offset
        while weights and wishes[-1] * weight > wish * weights[-1]:
            weight += weights.pop()
            wish += wishes.pop()
            ends.pop()
        weights.append(weight)
        wishes.append(wish)
        ends.append(end)
    moved = 0.0
    index = 0
    for weight, wish, end in zip(weights, wishes, ends, strict=True):
        base = wish / weight
        for node, offset in zip(nodes[index:end], offsets[index:end], strict=True):
            place = base + offset
            far = abs(place - y[node])
            if far > moved:
                moved = far
            y[node] = place
        index = end
    return moved
