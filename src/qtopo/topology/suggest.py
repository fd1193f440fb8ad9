"""Did you mean: the name nearest to one that does not exist."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Filed = Mapping[tuple[str, bool, int], Sequence[tuple[int, str]]]

# Comparing is quadratic in the length and linear in the number of names: past
# this many, only names that begin or end alike are compared, and of those the first.
_MANY = 300
_SOME = 100
_LONG = 80
HEAD, TAIL = 3, 4


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name most like `word`, or None where none is near; never `word` itself."""
    if len(word) > _LONG:
        return None
    every = tuple(names)
    some: Iterable[str] = every if len(every) <= _MANY else islice(_alike(word, every), _SOME)
    known = [name for name in some if name != word and len(name) <= _LONG]
    folded = _fold(word)
    for name in known:
        if _fold(name) == folded:
            return name
    return _closest(word, known, 0.6 if len(word) > 4 else 0.5) if known else None


def _closest(word: str, names: Iterable[str], cutoff: float) -> str | None:
    """Return what `difflib.get_close_matches` would, comparing only what may be the nearest."""
    import difflib

    matcher = difflib.SequenceMatcher(b=word)
    bounds = []
    for name in names:
        matcher.set_seq1(name)
        if matcher.real_quick_ratio() >= cutoff and (bound := matcher.quick_ratio()) >= cutoff:
            bounds.append((bound, name))
    best: tuple[float, str] = (cutoff, "")
    for bound, name in sorted(bounds, reverse=True):
        if bound < best[0]:
            break
        matcher.set_seq1(name)
        best = max(best, (matcher.ratio(), name))
    return best[1] or None


def _alike(word: str, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the names that begin or end as a word does and are about as long, in their order."""
    lengths = range(len(word) - 2, len(word) + 3)
    head, tail = word[:HEAD], word[-TAIL:]
    if len(word) < TAIL:
        for name in names:
            if len(name) in lengths and (name.startswith(head) or name.endswith(tail)):
                yield name
        return
    from heapq import merge

    drawn, last = filed(names), -1
    ends = ((head, True), (tail, False))
    drawers = (drawn.get((*end, length), ()) for end in ends for length in lengths)
    for at, name in merge(*drawers):
        if at != last:
            yield name
        last = at


# Thousands of unknown names are looked for among the same thousands of declared ones.
@lru_cache(maxsize=2)
def filed(names: tuple[str, ...]) -> Filed:
    """File names, with their order, by how they begin and how long they are, and how they end.

    Under the empty beginning are all of a length.
    """
    drawers: dict[tuple[str, bool, int], list[tuple[int, str]]] = {}
    for at, name in enumerate(names):
        drawers.setdefault(("", True, len(name)), []).append((at, name))
        drawers.setdefault((name[:HEAD], True, len(name)), []).append((at, name))
        drawers.setdefault((name[-TAIL:], False, len(name)), []).append((at, name))
    return drawers


def did_you_mean(word: str, names: Iterable[str]) -> str | None:
    """Return `did you mean 'x'?`, or None where nothing is near."""
    name = nearest(word, names)
    return None if name is None else f"did you mean {name!r}?"


def _fold(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
