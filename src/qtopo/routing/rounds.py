"""Steps that follow each other: how often each is taken, and whether there is an end."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Rounds:
    """Steps by number, 0 the first; which follows which, and if it must or only may."""

    def __init__(self) -> None:
        self._next: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
        self._resting: set[int] = set()

    def add(self, step: int, following: int, certain: bool) -> None:
        """Note that one step follows another."""
        self._next[step].append((following, certain))

    def rests(self, step: int) -> None:
        """Note that a message stays in a queue after a step."""
        self._resting.add(step)

    def times(self, count: int) -> list[int | None]:
        """Return how often each of the steps is taken; None: without end."""
        before = [0] * count
        for some in self._next.values():
            for one, _ in some:
                before[one] += 1
        times: list[int | None] = [None] * count
        if before[0]:
            return times
        so_far = [1] + [0] * (count - 1)
        # A step is ready when all before it are; those in a circle, and after it, never are.
        todo = [0]
        for step in todo:
            times[step] = so_far[step]
            for one, _ in self._next[step]:
                so_far[one] += so_far[step]
                before[one] -= 1
                if not before[one]:
                    todo.append(one)
        return times

    def circle(self) -> list[int]:
        """Return the steps of one circle that a message cannot leave; empty without one."""
        endless = self._endless()
        way: dict[int, None] = {}
        step = min(endless, default=None)
        while step is not None and step not in way:
            way[step] = None
            step = next(one for one in self._certain(step) if one in endless)
        steps = list(way)
        return [] if step is None else steps[steps.index(step) :]

    def grow(self) -> bool:
        """Whether the circles leave messages behind in each round, or make more of them."""
        endless = self._endless()
        turning = self._closed(endless, self._before())
        if any(sum(one in turning for one in self._certain(step)) > 1 for step in turning):
            return True
        seen = set(turning)
        todo = list(turning)
        for step in todo:
            if step in self._resting:
                return True
            new = [one for one in self._certain(step) if one not in seen]
            seen.update(new)
            todo += new
        return False

    def _certain(self, step: int) -> list[int]:
        return [one for one, certain in self._next.get(step, ()) if certain]

    def _before(self) -> dict[int, list[int]]:
        before: defaultdict[int, list[int]] = defaultdict(list)
        for step in list(self._next):
            for one in self._certain(step):
                before[one].append(step)
        return before

    def _endless(self) -> set[int]:
        """Return the steps from which a message certainly comes into a circle."""
        return self._closed(set(self._next), {step: self._certain(step) for step in self._next})

    @staticmethod
    def _closed(some: set[int], beside: Mapping[int, list[int]]) -> set[int]:
        """Return those of some steps that have one of what is left beside them."""
        left = set(some)
        while True:
            ended = {step for step in left if left.isdisjoint(beside.get(step, ()))}
            if not ended:
                return left
            left -= ended
