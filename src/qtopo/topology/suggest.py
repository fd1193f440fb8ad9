"""Did you mean: the name nearest to one that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Comparing is quadratic in the length and linear in the number of names: past
# this many, only names that begin alike are compared.
_MANY = 500
_LONG = 80


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name most like `word`, or None where none is near; never `word` itself."""
    known = [name for name in names if name != word and len(name) <= _LONG]
    if not known or len(word) > _LONG:
        return None
    folded = _fold(word)
    for name in known:
        if _fold(name) == folded:
            return name
    if len(known) > _MANY:
        known = [name for name in known if name[:2] == word[:2] or name[-4:] == word[-4:]][:_MANY]
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
