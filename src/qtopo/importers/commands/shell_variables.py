"""The variables of a shell script, and what its words stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.importers.commands.process import is_known, unknown
from qtopo.importers.commands.shell_lexer import CODE, TEXT, Part, Token, tokens
from qtopo.importers.commands.shell_words import assignment, bare, lists
from qtopo.importers.static.budget import OutOfBudgetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.importers.commands.shell_branches import Branch
    from qtopo.importers.static.budget import Budget

DEEPEST = 8
"""How deep scripts, functions and words are followed into one another."""

_FIELD = re.compile(r"(?:\0[^\0]*\0|[^\s\0])+")
_INDEX = re.compile(r"\[[^\]]*\]$")
_LONGEST = 20_000
_MOST_BRANCHES = 200


class Variables:
    """What is set so far, and in which branches: under one not known a value is in doubt.

    `given` are the variables from outside, `set` those of the script; `doubts` says that a
    word since it was cleared came of a variable in doubt.
    """

    def __init__(
        self, env: Mapping[str, str], budget: Budget, args: Sequence[str] | None, depth: int
    ) -> None:
        self.given = dict(env)
        self.set: dict[str, str | list[str]] = {}
        self.args = args
        self.budget = budget
        self.depth = depth
        self.branches: list[Branch] = []
        self.exports = set(env)
        self.doubtful: set[str] = set()
        self.doubts = False

    def exported(self) -> dict[str, str]:
        """Return the variables that commands get on top of those that were given."""
        return {
            key: one
            for key, one in self.set.items()
            if isinstance(one, str) and key in self.exports
        }

    def _live(self) -> bool | None:
        if len(self.branches) > _MOST_BRANCHES:
            raise OutOfBudgetError("the script is nested too deep")
        states = [branch.live for branch in self.branches]
        return False if False in states else None if None in states else True

    def _export(self, rest: list[Token], exports: bool) -> None:
        for token in rest:
            found = assignment(token)
            named = found[0] if found else bare(token)
            if exports and named:
                self.exports.add(named)
            if found:
                name, appends, value = found
                text = " ".join(self._expanded(value, split=False))
                self._assign(name, self._joined(name, text) if appends else text)

    def _joined(self, name: str, text: str) -> str:
        before = self.set.get(name, self.given.get(name, ""))
        return (" ".join(before) if isinstance(before, list) else before) + text

    def _array(self, opening: Token, items: list[Token]) -> None:
        found = assignment(opening)
        if found is None or self._live() is False:
            return
        name, appends, _ = found
        values = [field for token in items for field in self._fields(token)]
        if not values and not appends and self._live() is None and self.set.get(name):
            # It may hold what it held: that is worth more than nothing.
            return
        before = self.set.get(name, []) if appends else []
        before = [before] if isinstance(before, str) else before
        if self._live() is None:
            self.doubtful.add(name)
        if sum(map(len, (*before, *values))) <= _LONGEST:
            self.set[name] = [*before, *values]

    def _assign(self, name: str, value: str) -> None:
        """Set a variable; under a condition that is not known it may be this or what it was."""
        before = self.set.get(name, self.given.get(name))
        if self._live() is False:
            return
        if self._live() is None:
            self.doubtful.add(name)
        if self._live() is None and isinstance(before, str) and before not in ("", value):
            if is_known(before) and is_known(value):
                value = unknown(f"${name}, which is {before!r} or {value!r}")
            else:
                value = unknown(f"${name}")
        self.set[name] = value if len(value) <= _LONGEST else unknown(f"${name}")

    def _fields(self, token: Token) -> list[str]:
        return self._expanded(token.parts, split=True)

    def _expanded(self, parts: Sequence[Part], *, split: bool) -> list[str]:
        """Return the fields that a word becomes: unquoted variables are split at blanks."""
        fields: list[str] = []
        current: list[str] | None = None
        vanished = False
        size = 0
        for part in parts:
            values = self._value(part)
            size += sum(map(len, values))
            self.budget.step(1 + size // 256)
            if size > _LONGEST:
                return [unknown(part.source or "a long text")]
            whole = part.kind == TEXT or (part.quoted and not lists(part)) or not split
            if whole:
                text = " ".join(values)
                current = [*(current or []), text]
                continue
            pieces = (
                values if part.quoted else [one for text in values for one in _FIELD.findall(text)]
            )
            if not pieces:
                # `"$@"` of nothing is no word, although it stands in quotes.
                vanished = vanished or part.quoted
                continue
            current = [*(current or []), pieces[0]]
            for piece in pieces[1:]:
                fields.append("".join(current))
                current = [piece]
        if current is not None and not (vanished and not any(current)):
            fields.append("".join(current))
        return fields

    def _value(self, part: Part) -> list[str]:
        """Return what a part stands for: one text, or several for `"$@"` and arrays."""
        if part.kind == TEXT:
            return [part.text]
        if part.kind == CODE:
            return [unknown(part.text)]
        name = _INDEX.sub("", part.text)
        if name in ("@", "*"):
            return list(self.args or ())[int(part.word) - 1 if part.op == ":" else 0 :]
        self.doubts = self.doubts or name in self.doubtful
        found: str | list[str] | None
        if name.isdigit():
            at = int(name[:6]) - 1
            found = None
            if self.args is not None:
                found = self.args[at] if 0 <= at < len(self.args) else ""
        else:
            found = self.set.get(name, self.given.get(name))
        if isinstance(found, list):
            return found
        return [self._with_operator(part, name, found)]

    def _with_operator(self, part: Part, name: str, found: str | None) -> str:
        empty = found is None or (found == "" and part.op.startswith(":"))
        kind = part.op[-1:]
        if kind == "+":
            return "" if empty else self._inner(part.word)
        if empty and kind in ("-", "="):
            value = self._inner(part.word)
            if kind == "=":
                self._assign(name, value)
            return value
        return unknown(part.source) if found is None else found

    def _inner(self, word: str) -> str:
        """Return the expansion of the word in `${NAME:-word}`."""
        if not any(one in word for one in "$`\\'\""):
            return word
        if self.depth >= DEEPEST:
            return unknown(word)
        inner = Variables(self.given, self.budget, self.args, self.depth + 1)
        inner.set = self.set
        fields: list[str] = []
        for token in tokens(word):
            if not token.operator:
                fields += inner._expanded(token.parts, split=False)
        return " ".join(fields)
