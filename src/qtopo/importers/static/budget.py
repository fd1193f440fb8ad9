"""How much work a hostile file may cause."""

from __future__ import annotations

from typing import Any


class OutOfBudgetError(Exception):
    """The file asks for more than any settings file needs."""


class Budget:
    """Counts steps over all files of one import, and bounds the size of one value."""

    FILE = 2_000_000
    STEPS = 500_000
    SIZE = 100_000
    DEPTH = 150
    FILES = 200

    def __init__(self) -> None:
        self.steps = 0
        self._weights: dict[int, tuple[Any, int]] = {}
        self.files = 0

    def step(self, count: int = 1) -> None:
        """Count a step; raises OutOfBudgetError past the limit."""
        self.steps += count
        if self.steps > self.STEPS:
            raise OutOfBudgetError("the file has too much to compute")

    def file(self) -> None:
        """Count a file that is read."""
        self.files += 1
        if self.files > self.FILES:
            raise OutOfBudgetError("the file imports too many others")

    def fits(self, value: Any) -> bool:
        """Whether a value that was put together is of a size to go on with."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value.bit_length() <= 128
        if isinstance(value, str | bytes):
            return len(value) <= self.SIZE
        return self.weight(value) <= self.SIZE

    def weight(self, value: Any) -> int:
        """Return how many values are inside one, counted as often as they are reached.

        `x = [x, x]` written forty times is small in memory and endless to walk.
        """
        if not isinstance(value, list | tuple | dict):
            return 1
        found = self._weights.get(id(value))
        if found is not None:
            return found[1]
        inner = value.values() if isinstance(value, dict) else value
        total = 1 + sum(self.weight(one) for one in inner)
        # Kept with the value, so that no other one gets its id.
        self._weights[id(value)] = (value, total)
        return total

    def copied(self, value: Any, depth: int = 0) -> Any:
        """Return a copy of what is put into a list or table: nothing can hold itself."""
        self.step()
        if depth > self.DEPTH // 3:
            return None
        if isinstance(value, dict):
            return {key: self.copied(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self.copied(one, depth + 1) for one in value]
        if isinstance(value, tuple):
            return tuple(self.copied(one, depth + 1) for one in value)
        return value
