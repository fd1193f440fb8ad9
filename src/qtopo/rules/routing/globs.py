"""Which glob takes everything that another one takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.topology.finding import Path

_SPECIAL = re.compile(r"[*?\[]")
_ANY, _ONE = "\ue000", "\ue001"
"""Stand for what a `*` and a `?` of the narrower glob may be."""


class Wider:
    """Globs, filed so that those that may contain another are found without asking all.

    A wider glob begins with a part of what the narrower begins with, and ends
    with a part of what it ends with.
    """

    def __init__(self) -> None:
        self._filed: dict[str, dict[str, list[tuple[str, Path]]]] = {}

    def add(self, glob: str, path: Path) -> None:
        """File a glob."""
        before, after = _ends(glob)
        # A set of characters matches the stand-ins too: nothing is known of it.
        if "[" not in glob:
            self._filed.setdefault(before, {}).setdefault(after, []).append((glob, path))

    def find(self, glob: str) -> tuple[str, Path] | None:
        """Return a filed glob that takes all that `glob` takes, or None."""
        before, after = _ends(glob)
        for length in range(len(before) + 1):
            by_suffix = self._filed.get(before[:length])
            if by_suffix is None:
                continue
            for start in range(len(after) + 1):
                for other, path in by_suffix.get(after[start:], ()):
                    if contains(other, glob):
                        return other, path
        return None


def contains(wider: str, narrower: str) -> bool:
    """Whether every name that `narrower` takes is taken by `wider`.

    Exact for `*` and `?`; where a set of characters is involved, False may mean
    that it is not known. What a star of the narrower stands for may be anything,
    so that only a star of the wider covers it; a `?` is covered by either.
    """
    if "[" in wider:
        return False
    pattern = "".join(
        ".*" if one == "*" else f"[^{_ANY}]" if one == "?" else re.escape(one)
        for one in re.sub(r"\*+", "*", wider)
    )
    text = narrower.replace("*", _ANY).replace("?", _ONE)
    text = re.sub(r"\[[!]?\]?[^\]]*\]", _ONE, text)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _ends(glob: str) -> tuple[str, str]:
    """Return the text before the first and after the last wildcard."""
    first = _SPECIAL.search(glob)
    before = glob[: first.start()] if first else glob
    last = max(glob.rfind(one) for one in "*?]")
    return before, glob[max(last, len(before) - 1) + 1 :]
