"""Suggestions among very many names are those that comparing each would give."""

from __future__ import annotations

import difflib

from hypothesis import given, settings
from hypothesis import strategies as st

from qtopo.topology.suggest import nearest

PIECES = st.lists(st.sampled_from(["a", "b", "ab", "-", "1", "2", "queue", "É"]), max_size=5)
WORDS = PIECES.map("".join)


def plainly(word: str, names: list[str]) -> str | None:
    """The same without any filing: what to compare, then difflib."""
    if len(names) > 300:
        alike = [one for one in names if one.startswith(word[:3]) or one.endswith(word[-4:])]
        names = [one for one in alike if abs(len(one) - len(word)) < 3][:100]
    names = [one for one in names if one != word]

    def fold(name: str) -> str:
        return "".join(filter(str.isalnum, name.casefold()))

    for one in names:
        if fold(one) == fold(word):
            return one
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6 if len(word) > 4 else 0.5)
    return found[0] if found else None


@given(WORDS, st.lists(WORDS, max_size=30), st.sampled_from([1, 11, 60]))
@settings(deadline=None)
def test_the_same_as_without_filing(word: str, names: list[str], times: int) -> None:
    many = [name + "-" * (number % 4) for number in range(times) for name in names]
    assert nearest(word, many) == plainly(word, many)
    assert nearest(word, many) == plainly(word, many)
