"""Tells a slip of the keyboard from another name, and does so for very many names.

Strict on purpose: two tasks with similar names are the rule, not the exception
(`order.create` and `order.created`, `lock` and `unlock`, `shard_1` and `shard_2`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORDS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_WINDOW = 40
_SHORT, _LONG = 4, 8
_INFLECTIONS = ("d", "ed", "r", "er", "ing")


class Misspellings:
    """Declared names, filed so that the one nearest to another is found at once.

    Two names that differ in one word share all that is before it, or after it.
    They stand near each other in alphabetical order, read from one end or from
    the other; only that neighbourhood is compared.
    """

    def __init__(self, declared: Iterable[str]) -> None:
        self._forward = sorted(declared)
        self._backward = sorted(name[::-1] for name in self._forward)

    def find(self, name: str) -> str | None:
        """Return the declared name that was probably meant, or None."""
        if name.startswith("celery."):
            # Celery's own tasks are declared by nobody.
            return None
        for candidate in _around(self._forward, name):
            if is_slip(name, candidate):
                return candidate
        for candidate in _around(self._backward, name[::-1]):
            if is_slip(name, candidate[::-1]):
                return candidate[::-1]
        return None


def _around(names: list[str], name: str) -> Iterator[str]:
    """Yield the names that stand near another in alphabetical order, the nearest first."""
    at = bisect_left(names, name)
    for distance in range(_WINDOW):
        if at + distance < len(names):
            yield names[at + distance]
        if at - distance > 0:
            yield names[at - distance - 1]


def is_slip(name: str, declared: str) -> bool:
    """Whether one name is the other with a slip in a single word, or with other punctuation."""
    if name == declared or abs(len(name) - len(declared)) > 2:
        return False
    if _DIGITS.findall(name) != _DIGITS.findall(declared):
        return False
    ones, others = _WORDS.findall(name), _WORDS.findall(declared)
    if "".join(ones).casefold() == "".join(others).casefold():
        return len("".join(ones)) >= _LONG
    if len(ones) != len(others):
        return False
    pairs = [(one, other) for one, other in zip(ones, others, strict=True) if one != other]
    return len(pairs) == 1 and _is_slip(*pairs[0])


def _is_slip(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    # People rarely get the first letter wrong: `import` and `export` are two words.
    if len(shorter) < _SHORT or shorter[0] != longer[0]:
        return False
    if longer.startswith(shorter) and longer[len(shorter) :] in _INFLECTIONS:
        return False
    if len(one) == len(other) and sorted(one) == sorted(other):
        # The same letters in another order.
        return _distance(one, other) == 1
    if len(shorter) == _SHORT and len(one) == len(other):
        return False
    return _distance(one, other) <= (2 if len(shorter) >= _LONG else 1)


def _distance(one: str, other: str) -> int:
    """Return how many letters were added, dropped, changed, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]
