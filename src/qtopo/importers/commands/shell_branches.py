"""Branches of a shell script: which of them run, as far as their conditions are known."""

from __future__ import annotations

from qtopo.importers.commands.process import is_known


class Branch:
    """An `if`, `case` or loop: whether the part being walked runs (None: not known)."""

    def __init__(self, kind: str, subject: str | None = None, *, live: bool | None = True) -> None:
        self.kind = kind
        self.subject = subject
        self.live = live
        self.taken: bool | None = False
        self.part = 0

    def enter(self, holds: bool | None) -> None:
        """Enter the next part, which runs if its condition holds and no other part did."""
        self.part += 1
        if self.taken is True or holds is False:
            self.live = False
        elif self.taken is None or holds is None:
            self.live = None
        else:
            self.live = True
        if self.live is not False:
            self.taken = self.live


Way = tuple[Branch, int]
"""A part of a branch: of its parts one runs."""


def excluded(one: tuple[Way, ...], other: tuple[Way, ...]) -> bool:
    """Whether two commands stand in parts of one branch of which only one runs."""
    parts = {id(branch): part for branch, part in other}
    return any(parts.get(id(branch), part) != part for branch, part in one)


def combined(values: list[bool | None], joins: set[str]) -> bool | None:
    """Return what tests joined by `&&` alone, or `||` alone, come to (None: not known)."""
    if not joins:
        return values[-1]
    if joins == {"&&"}:
        return False if False in values else None if None in values else True
    if joins == {"||"}:
        return True if True in values else None if None in values else False
    return None


def test_of(words: list[str]) -> bool | None:
    """Return what a test of texts says, or None where it is not known here."""
    words = [one for one in words[1:] if one not in ("]", "]]")]
    if any(not is_known(one) for one in words):
        return None
    negated = bool(words) and words[0] == "!"
    if negated:
        words = words[1:]
    answer: bool | None = None
    match words:
        case [left, "=" | "==", right]:
            answer = left == right
        case [left, "!=", right]:
            answer = left != right
        case ["-z", text]:
            answer = not text
        case ["-n", text]:
            answer = bool(text)
    return answer if answer is None or not negated else not answer
