"""Did you mean: the name nearest to one that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Comparing is quadratic in the length and linear in the number of names: past
# this many, only names that begin or end alike are compared, and of those the first.
_MANY = 300
_SOME = 100
_LONG = 80


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name most like `word`, or None where none is near; never `word` itself."""
    if len(word) > _LONG:
        return None
    known = list(names)
    if len(known) > _MANY:
        head, tail = word[:3], word[-4:]
        alike = (name for name in known if name.startswith(head) or name.endswith(tail))
        close = (name for name in alike if abs(len(name) - len(word)) < 3)
        known = [name for name, _ in zip(close, range(_SOME), strict=False)]
    known = [name for name in known if name != word and len(name) <= _LONG]
    folded = _fold(word)
    for name in known:
        if _fold(name) == folded:
            return name
    if not known:
        return None
    import difflib

    cutoff = 0.6 if len(word) > 4 else 0.5
    found = difflib.get_close_matches(word, known, n=1, cutoff=cutoff)
    return found[0] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str | None:
    """Return `did you mean 'x'?`, or None where nothing is near."""
    name = nearest(word, names)
    return None if name is None else f"did you mean {name!r}?"


def _fold(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
