"""The search for an order of a long lane between two short ones, against counting them all."""

from __future__ import annotations

import random
from itertools import accumulate, permutations, product

import pytest

from qtopo.graph.picture import hubs, places
from qtopo.graph.picture.ranks import Ranks, ranks


def lanes_of(
    seed: int, size: tuple[int, int, int], several: float
) -> tuple[list[list[int]], Ranks]:
    """Return random lanes in which some nodes of the long one have several neighbours."""
    rng = random.Random(seed)
    first, long, last = size
    lines = []
    for node in range(first, first + long):
        near = rng.sample(range(first), 1 + (rng.random() < several and first > 1))
        far = rng.sample(range(last), 1 + (rng.random() < several and last > 1))
        lines += [(hub, node, "") for hub in near]
        lines += [(node, first + long + hub, "") for hub in far]
    proper = ranks([0] * first + [1] * long + [2] * last, lines)
    return proper.lanes, proper


def bound(lanes: list[list[int]], proper: Ranks) -> int:
    """Return the crossings of the long lane, each two nodes in the order best for them."""
    place = {node: at for nodes in lanes for at, node in enumerate(nodes)}

    def crossed(one: int, other: int) -> int:
        return sum(
            place[a] > place[b]
            for side in (proper.left, proper.right)
            for a in side[one]
            for b in side[other]
        )

    nodes = lanes[1]
    return sum(
        min(crossed(one, other), crossed(other, one))
        for at, one in enumerate(nodes)
        for other in nodes[:at]
    )


def least(lanes: list[list[int]], proper: Ranks) -> int:
    """Return how few crossings any order has."""
    return min(
        places.crossings(order, proper.right)
        for order in product(*(list(permutations(nodes)) for nodes in lanes))
    )


@pytest.mark.parametrize("several", [0.0, 0.3])
def test_nearly_the_best_order_there_is(several: float) -> None:
    ours = best = 0
    for seed in range(40):
        lanes, proper = lanes_of(seed, (2, 5, 3), several)
        found, count = hubs.between(lanes, proper, [0] * 10, 4, 2)
        assert [sorted(nodes) for nodes in found] == lanes
        assert places.crossings(found, proper.right) == count
        bottom = least(lanes, proper)
        assert count >= bottom
        ours, best = ours + count, best + bottom
    assert ours <= best * 1.05, (ours, best)


def test_what_it_costs_that_hubs_pass_each_other() -> None:
    """The same as counting anew with the hub in each place, without any order of the long lane."""
    compared = 0
    for seed in range(40):
        lanes, proper = lanes_of(seed, (3, 9, 6), 0.2)
        left, right = hubs._sides(lanes, proper)
        costs = hubs._Costs(right, left.signs(lanes[0]))
        for hub in lanes[2]:
            if sum(len(proper.right[node]) > 1 for node in proper.left[hub]) > 1:
                # Two nodes that have this hub and others: that is not reckoned.
                continue
            rest = [one for one in lanes[2] if one != hub]
            found = list(accumulate(costs.passing(hub, rest), initial=0))
            slow = [
                bound([lanes[0], lanes[1], [*rest[:at], hub, *rest[at:]]], proper)
                for at in range(len(lanes[2]))
            ]
            assert found == [one - slow[0] for one in slow]
            compared += 1
    assert compared > 100


def test_no_order_gets_worse() -> None:
    for seed in range(10):
        lanes, proper = lanes_of(seed, (5, 30, 9), 0.4)
        before = places.crossings(lanes, proper.right)
        found, after = hubs.improved(lanes, before, proper, [0] * 44)
        assert [sorted(nodes) for nodes in found] == lanes
        assert places.crossings(found, proper.right) == after < before
        assert hubs.improved(found, after, proper, [0] * 44)[1] <= after


def test_a_mirrored_graph_is_searched_as_well() -> None:
    """The shorter of the two lanes is the one whose orders are tried, on whichever side."""
    for seed in range(6):
        lanes, proper = lanes_of(seed, (3, 24, 8), 0.1)
        turned = proper._replace(left=proper.right, right=proper.left)
        one = hubs.between(lanes, proper, [0] * 35, 4, 1)[1]
        other = hubs.between(lanes[::-1], turned, [0] * 35, 4, 1)[1]
        assert abs(one - other) <= max(2, one * 0.05), (seed, one, other)
