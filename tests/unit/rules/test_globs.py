"""Which glob contains which, held against Celery's own matching on all short names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest

from qtopo.rules.routing.globs import Wider, contains

GLOBS = ["".join(one) for length in range(1, 5) for one in product("ab*?", repeat=length)]
GLOBS = [one for one in GLOBS if "*" in one]
NAMES = ["".join(one) for length in range(7) for one in product("abc", repeat=length)]


def test_containment_is_exact_for_stars_and_question_marks() -> None:
    """All pairs of short globs: contained is what takes no name that the other does not."""
    takes = {one: frozenset(name for name in NAMES if fnmatchcase(name, one)) for one in GLOBS}
    wrong = [
        (wider, narrower)
        for wider in GLOBS
        for narrower in GLOBS
        if contains(wider, narrower) != (takes[narrower] <= takes[wider])
    ]
    # `?*` takes what `*?` does: that one is not known is no false alarm.
    assert not [pair for pair in wrong if contains(*pair)]
    assert all("?" in wider and "*" in wider for wider, _ in wrong)


@pytest.mark.parametrize("narrower", ["a[bc]*", "a[!b]*", "a*[]]", "[*]a*"])
def test_sets_of_characters_are_contained_in_a_star(narrower: str) -> None:
    assert contains("*", narrower)
    assert not contains(narrower, "a*")


def test_the_index_finds_what_contains_finds() -> None:
    for narrower in GLOBS[::3]:
        filed = Wider()
        for place, wider in enumerate(GLOBS):
            if wider != narrower:
                filed.add(wider, ("routes", place))
        expected = any(contains(one, narrower) for one in GLOBS if one != narrower)
        assert (filed.find(narrower) is not None) == expected
