"""Patterns of task names, in the order they are asked; a look-up that stays fast.

The meaning is Celery's `MapRoute`: a glob is `fnmatch.translate`d, so a star
crosses dots, case counts, and `?` and `[...]` are wildcards too; a regular
expression matches at the start of the name.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_WILDCARD = re.compile(r"[*?\[]")


class _Filed(NamedTuple):
    order: int
    matches: Callable[[str], object]


class Patterns(Generic[T]):
    """Patterns with what each decides.

    They are filed under the text before their first wildcard, so that a look-up
    only tries those that begin as the name does.
    """

    def __init__(self) -> None:
        self._values: list[T] = []
        self._by_prefix: dict[str, list[_Filed]] = {}
        self._lengths: list[int] = []

    def add_glob(self, glob: str, value: T) -> None:
        """Add a pattern with a star; it is asked after those that were added before."""
        prefix, matches = compile_glob(glob)
        self._add(prefix, matches, value)

    def add_regex(self, expression: str, value: T) -> None:
        """Add a regular expression, likewise."""
        self._add("", re.compile(expression).match, value)

    def _add(self, prefix: str, matches: Callable[[str], object], value: T) -> None:
        if prefix not in self._by_prefix:
            self._by_prefix[prefix] = []
            self._lengths = sorted({*self._lengths, len(prefix)})
        self._by_prefix[prefix].append(_Filed(len(self._values), matches))
        self._values.append(value)

    def find(self, name: str) -> T | None:
        """Return what the first pattern that matches decides, or None."""
        best = -1
        by_prefix, longest = self._by_prefix, len(name)
        for length in self._lengths:
            if length > longest:
                break
            for order, matches in by_prefix.get(name[:length], ()):
                if (best < 0 or order < best) and matches(name):
                    best = order
        return None if best < 0 else self._values[best]

    def matching(self, name: str) -> list[T]:
        """Return what every pattern that matches would decide, in the order they are asked."""
        orders = sorted(one.order for one in self._candidates(name) if one.matches(name))
        return [self._values[order] for order in orders]

    def _candidates(self, name: str) -> Iterator[_Filed]:
        for length in self._lengths:
            if length > len(name):
                return
            yield from self._by_prefix.get(name[:length], ())


def compile_glob(glob: str) -> tuple[str, Callable[[str], object]]:
    """Return the text before a glob's first wildcard, and what tells whether a name matches."""
    first = _WILDCARD.search(glob)
    prefix = glob[: first.start()] if first else glob
    rest = glob[len(prefix) :]
    if rest == "*":
        return prefix, lambda name: name.startswith(prefix)
    suffix = rest[1:]
    if rest[:1] == "*" and not _WILDCARD.search(suffix):
        least = len(prefix) + len(suffix)
        return (
            prefix,
            lambda name: len(name) >= least and name.startswith(prefix) and name.endswith(suffix),
        )
    return prefix, re.compile(translate(glob)).match
