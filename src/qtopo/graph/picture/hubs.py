"""The order of a long lane between two short ones: queues between exchanges and workers.

What is searched is the order of the short lanes, the hubs. How many lines cross depends
on the order of the long lane too, but its nodes have one neighbour on each side mostly,
and then two of them want the same order whatever the others do: lines cross once
for each pair that cannot have its wish. So a hub is moved to where the sum over pairs is
least, without an order of the long lane, which is put in order once, at the end.
"""

from __future__ import annotations

from itertools import accumulate, permutations
from operator import add
from typing import TYPE_CHECKING

from qtopo.graph.picture.places import counted, stand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qtopo.graph.picture.places import Lanes
    from qtopo.graph.picture.ranks import Ranks

Signs = list[list[int]]
"""For two kinds of nodes of the long lane: of how many pairs of neighbours on a side the
one of the first comes later, less of how many it comes earlier."""

_TURNS, _ROUNDS, _SETTLED = 2, 2, 4
_SHORT = 2
"""A lane is short if it goes so many times into the long one."""


def around(lanes: Lanes) -> bool:
    """Whether these are a long lane between two short ones."""
    return len(lanes) == 3 and max(len(lanes[0]), len(lanes[2])) * _SHORT <= len(lanes[1])


def shared(lanes: Lanes, ranks: Ranks) -> float:
    """Return how many lines lead to nodes of the long lane that have several on a side.

    That is as a part of how many nodes there are.
    """
    lines = [len(side[node]) for side in (ranks.left, ranks.right) for node in lanes[1]]
    return sum([one for one in lines if one > 1]) / len(lanes[1])


def between(
    lanes: Lanes, ranks: Ranks, position: list[int], largest: int, kept: int
) -> tuple[Lanes, int]:
    """Return three lanes in an order with few crossings, and their number.

    Of the `largest` hubs of the shortest lane every order is tried, and the best `kept`
    of these are finished.
    """
    left, right = _sides(lanes, ranks)
    swapped = len(right.hubs) < len(left.hubs)
    if swapped:
        left, right = right, left
    tried = []
    for start in _starts(left, largest):
        across = left.signs(start)
        other = right.sifted(right.near(left.places(start)), across, 1)
        # The more pairs agree, the fewer lines have to cross.
        tried.append((-_agreed(left, across, right, other), start, other))
    found = [
        _finished(lanes[1], right, other, left, one, ranks, position)
        if swapped
        else _finished(lanes[1], left, one, right, other, ranks, position)
        for _, one, other in sorted(tried)[:kept]
    ]
    return min(found, key=_second)


def improved(lanes: Lanes, least: int, ranks: Ranks, position: list[int]) -> tuple[Lanes, int]:
    """Return three lanes in an order with fewer crossings than they have, if one is found."""
    left, right = _sides(lanes, ranks)
    found = _finished(lanes[1], left, lanes[0], right, lanes[2], ranks, position)
    return min((lanes, least), found, key=_second)


def _sides(lanes: Lanes, ranks: Ranks) -> tuple[_Side, _Side]:
    left = _Side(lanes[0], lanes[1], ranks.left)
    right = _Side(lanes[2], lanes[1], ranks.right)
    left.look(right)
    right.look(left)
    return left, right


def _finished(
    nodes: list[int],
    left: _Side,
    one: list[int],
    right: _Side,
    other: list[int],
    ranks: Ranks,
    position: list[int],
) -> tuple[Lanes, int]:
    """Move hubs of both sides by turns, then put the long lane in order."""
    for _ in range(_TURNS):
        before = one, other
        one = left.sifted(one, right.signs(other), _ROUNDS)
        other = right.sifted(other, left.signs(one), _ROUNDS)
        if before == (one, other):
            break
    rows = _rows(left, left.signs(one), right, right.signs(other))
    order = _settled(rows, _first(left, one, right, other))
    found = [one, [nodes[index] for index in order], other]
    stand(found, position)
    return found, counted(found, ranks.right, position)


def _second(one: tuple[Lanes, int]) -> int:
    return one[1]


class _Side:
    """The hubs of one side, and of each node of the long lane which of them it has."""

    def __init__(self, hubs: Sequence[int], nodes: Sequence[int], beside: list[list[int]]) -> None:
        self.hubs = sorted(hubs)
        kinds: dict[tuple[int, ...], int] = {}
        self.kind_of = [kinds.setdefault(tuple(beside[node]), len(kinds)) for node in nodes]
        self.kinds = list(kinds)

    def look(self, across: _Side) -> None:
        """Note for each hub what its nodes have on the other side."""
        single: dict[int, dict[int, int]] = {hub: {} for hub in self.hubs}
        self.shared: list[tuple[int, tuple[int, ...]]] = []
        for kind, beyond in zip(self.kind_of, across.kind_of, strict=True):
            hubs = self.kinds[kind]
            if len(hubs) == 1:
                known = single[hubs[0]]
                known[beyond] = known.get(beyond, 0) + 1
            elif hubs:
                self.shared.append((beyond, hubs))
        self.single = {hub: list(known.items()) for hub, known in single.items()}
        self.beyond: dict[int, list[int]] = {hub: [] for hub in self.hubs}
        for kind, beyond in zip(self.kind_of, across.kind_of, strict=True):
            for hub in self.kinds[kind]:
                self.beyond[hub].append(beyond)

    def places(self, order: Sequence[int]) -> list[float]:
        """Return the mean place of the hubs of each kind."""
        place = {hub: index for index, hub in enumerate(order)}
        return [
            sum([place[hub] for hub in hubs]) / len(hubs) if hubs else len(order) / 2
            for hubs in self.kinds
        ]

    def near(self, places: Sequence[float]) -> list[int]:
        """Return the hubs by the mean place of what their nodes have on the other side."""
        means = {
            hub: sum([places[kind] for kind in kinds]) / len(kinds) if kinds else 0.0
            for hub, kinds in self.beyond.items()
        }
        return sorted(self.hubs, key=means.__getitem__)

    def signs(self, order: Sequence[int]) -> Signs:
        """Return the signs of all kinds in an order of the hubs."""
        size = len(order)
        # An index below zero counts from the end.
        sign = [0, *[1] * size, *[-1] * size]
        place = {hub: index for index, hub in enumerate(order)}
        where = [place[hubs[0]] if hubs else 0 for hubs in self.kinds]
        odd = [(kind, hubs) for kind, hubs in enumerate(self.kinds) if len(hubs) != 1]
        row_of = {}
        for hub, at in place.items():
            row = row_of[hub] = [sign[at - one] for one in where]
            for kind, hubs in odd:
                row[kind] = sum([sign[at - place[one]] for one in hubs])
        none = [0] * len(where)
        return [
            row_of[hubs[0]]
            if len(hubs) == 1
            else [sum(column) for column in zip(none, *(row_of[hub] for hub in hubs), strict=True)]
            for hubs in self.kinds
        ]

    def sifted(self, order: list[int], across: Signs, rounds: int) -> list[int]:
        """Move each hub to where it is best, as long as that helps; the other side stays."""
        costs = _Costs(self, across)
        for _ in range(rounds):
            moved = False
            for hub in tuple(order):
                at = order.index(hub)
                rest = order[:at] + order[at + 1 :]
                sums = list(accumulate(costs.passing(hub, rest), initial=0))
                least = min(sums)
                if least < sums[at]:
                    rest.insert(sums.index(least), hub)
                    order, moved = rest, True
            if not moved:
                break
        return order


class _Costs:
    """Knows what it costs that hubs pass each other, while the other side stays as it is."""

    def __init__(self, side: _Side, across: Signs) -> None:
        self.side, self.across = side, across
        signs = [[(one > 0) - (one < 0) for one in row] for row in across]
        wishes = {
            hub: [sum([row[kind] * number for kind, number in single]) for row in signs]
            for hub, single in side.single.items()
        }
        # Of nodes that have no other hub on this side.
        self.alone: dict[int, dict[int, int]] = {hub: {} for hub in side.hubs}
        for index, hub in enumerate(side.hubs):
            single, own = side.single[hub], self.alone[hub]
            for other in side.hubs[:index]:
                wished = wishes[other]
                cost = sum([number * wished[kind] for kind, number in single])
                own[other], self.alone[other][hub] = -cost, cost
        self.known: dict[tuple[int, int, int], int] = {}

    def passing(self, hub: int, rest: Sequence[int]) -> list[int]:
        """Return what it costs the hub to come behind each of the others instead of before it."""
        alone = self.alone[hub]
        costs = [alone[other] for other in rest]
        if self.side.shared:
            self._add_shared(hub, rest, costs)
        return costs

    def _add_shared(self, hub: int, rest: Sequence[int], costs: list[int]) -> None:
        """Add that of nodes that have several hubs on this side: it depends on where they are."""
        place = {other: index for index, other in enumerate(rest)}
        shared = self.side.shared
        spots_of = [sorted([place[one] for one in hubs if one != hub]) for _, hubs in shared]
        for (kind, _), spots in zip(shared, spots_of, strict=True):
            more = 1 - len(spots)
            for spot in spots:
                costs[spot] -= self._wish(hub, kind, more)
                more += 2
        for index, (own, hubs) in enumerate(shared):
            if hub not in hubs:
                continue
            others = spots_of[index]
            for at, other in enumerate(rest):
                more = sum([(one > at) - (one < at) for one in others])
                costs[at] += self._wish(other, own, -more)
            row = self.across[own]
            for which, (kind, _) in enumerate(shared):
                if which != index:
                    spots = spots_of[which]
                    wish = row[kind] - len(spots) + 1
                    wish += sum([(a > b) - (a < b) for a in others for b in spots])
                    for spot in spots:
                        costs[spot] -= (wish > 0) - (wish < 0)
                        wish += 2

    def _wish(self, hub: int, kind: int, more: int) -> int:
        """Return how many nodes that have only this hub come later than one of a kind.

        `more` is what its other hubs add; less those that come earlier.
        """
        found = self.known.get((hub, kind, more))
        if found is None:
            across = self.across
            found = 0
            for own, number in self.side.single[hub]:
                wish = across[own][kind] + more
                found += ((wish > 0) - (wish < 0)) * number
            self.known[hub, kind, more] = found
        return found


def _starts(side: _Side, largest: int) -> Iterator[list[int]]:
    """Yield first orders: the largest hubs in every order, of which none is another's mirror."""
    hubs = sorted(side.hubs, key=lambda hub: -len(side.beyond[hub]))
    large, rest = hubs[:largest], hubs[largest:]
    for order in permutations(large):
        if order[0] <= order[-1]:
            yield [*order, *rest]


def _rows(left: _Side, near: Signs, right: _Side, far: Signs) -> Signs:
    """Return for each two nodes of the long lane how many crossings it saves to exchange them.

    The first is thought to come before the second.
    """
    first = [[row[kind] for kind in left.kind_of] for row in near]
    second = [[row[kind] for kind in right.kind_of] for row in far]
    return [
        list(map(add, first[kind], second[beyond]))
        for kind, beyond in zip(left.kind_of, right.kind_of, strict=True)
    ]


def _agreed(left: _Side, near: Signs, right: _Side, other: Sequence[int]) -> int:
    """Return how many pairs of lines agree: the more, the fewer have to cross."""
    return sum([sum(map(abs, row)) for row in _rows(left, near, right, right.signs(other))])


def _first(left: _Side, one: Sequence[int], right: _Side, other: Sequence[int]) -> list[int]:
    """Return the nodes of the long lane by the mean of both sides, where parts of lanes count."""
    near, far = left.places(one), right.places(other)
    keys = [
        near[kind] / len(one) + far[beyond] / len(other)
        for kind, beyond in zip(left.kind_of, right.kind_of, strict=True)
    ]
    return sorted(range(len(keys)), key=keys.__getitem__)


def _settled(rows: Signs, order: list[int]) -> list[int]:
    """Move each node of the long lane to where it is best, as long as that helps."""
    for _ in range(_SETTLED):
        moved = False
        for node in tuple(order):
            row = rows[node]
            at = order.index(node)
            sums = list(accumulate([row[other] for other in order], initial=0))
            most = max(sums)
            if most > sums[at]:
                to = sums.index(most)
                del order[at]
                order.insert(to - 1 if to > at else to, node)
                moved = True
        if not moved:
            break
    return order
