"""Where nodes stand in the order of their lanes, and how many lines cross then."""

from __future__ import annotations

from bisect import bisect_right
from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.graph.picture.ranks import Ranks

Lanes = list[list[int]]


def crossings(lanes: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> int:
    """Return how many pairs of lines cross, between every two lanes that are neighbours."""
    position = [0] * len(right)
    stand(lanes, position)
    return counted(lanes, right, position)


def counted(
    lanes: Sequence[Sequence[int]], right: Sequence[Sequence[int]], position: list[int]
) -> int:
    """Return the same, of lanes whose nodes have their `position` noted."""
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


def stand(lanes: Sequence[Sequence[int]], position: list[int]) -> None:
    """Note the place of each node in its lane."""
    for nodes in lanes:
        for index, node in enumerate(nodes):
            position[node] = index


def share(nodes: list[int], shares: list[float]) -> None:
    """Note the place of each node as a part of its lane."""
    for index, node in enumerate(nodes):
        shares[node] = (index + 0.5) / len(nodes)


def middle(node: int, ranks: Ranks, shares: list[float], *, lines: bool) -> float:
    """Return the mean place of a node's neighbours.

    A side counts as much as the other, but with `lines` a line as much as any.
    """
    left, right = ranks.left[node], ranks.right[node]
    if left and right:
        first = shares[left[0]] if len(left) == 1 else fsum([shares[one] for one in left])
        second = shares[right[0]] if len(right) == 1 else fsum([shares[one] for one in right])
        if lines:
            return (first + second) / (len(left) + len(right))
        return (first / len(left) + second / len(right)) / 2
    others = left or right
    return fsum([shares[one] for one in others]) / len(others) if others else shares[node]
