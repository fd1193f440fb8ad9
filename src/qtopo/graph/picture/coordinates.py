"""How high each node stands: as near to its neighbours as the order of its lane lets it.

For one lane at a time that is a least-squares problem with an exact answer
(isotonic regression, by pooling adjacent violators); sweeps over the lanes bring
them into line with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.graph.picture.ranks import Ranks

_SWEEPS = 12
_STILL = 0.5
_WAYPOINT = 4.0


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
    last = len(lanes) - 1
    for turn in range(_SWEEPS):
        moved = 0.0
        for index in range(len(lanes)) if turn % 2 == 0 else range(last, -1, -1):
            both = turn >= _SWEEPS - 4
            if turn % 2 == 0:
                sides = (ranks.left, ranks.right) if both else (ranks.left,)
            else:
                sides = (ranks.right, ranks.left) if both else (ranks.right,)
            moved = max(
                moved, _settle(lanes[index], offsets[index], sides, y, ranks.real, ranks.beside)
            )
        if moved < _STILL:
            break


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
    sides: Sequence[list[list[int]]],
    y: list[float],
    real: int,
    beside: Mapping[int, Sequence[int]],
) -> float:
    """Move the nodes of a lane to where they want to be; returns the longest move."""
    # Blocks of nodes that touch: the sum of weights, and of weighted wishes.
    weights: list[float] = []
    wishes: list[float] = []
    sizes: list[int] = []
    for index, node in enumerate(nodes):
        weight = 0.0
        total = 0.0
        for side in sides:
            for other in side[node]:
                if node >= real and other >= real:
                    weight += _WAYPOINT
                    total += _WAYPOINT * y[other]
                else:
                    weight += 1.0
                    total += y[other]
        if not weight:
            others = beside.get(node)
            weight = 0.01
            total = weight * (sum([y[one] for one in others]) / len(others) if others else y[node])
        weights.append(weight)
        wishes.append(total - weight * offsets[index])
        sizes.append(1)
        while len(weights) > 1 and wishes[-2] * weights[-1] > wishes[-1] * weights[-2]:
            weight, wish, size = weights.pop(), wishes.pop(), sizes.pop()
            weights[-1] += weight
            wishes[-1] += wish
            sizes[-1] += size
    moved = 0.0
    index = 0
    for weight, wish, size in zip(weights, wishes, sizes, strict=True):
        base = wish / weight
        for at in range(index, index + size):
            place = base + offsets[at]
            node = nodes[at]
            if abs(place - y[node]) > moved:
                moved = abs(place - y[node])
            y[node] = place
        index += size
    return moved
