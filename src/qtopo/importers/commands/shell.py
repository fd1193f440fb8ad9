"""Shell scripts, walked through and not run: which commands they start, with which words.

Variables are followed, `if` and `case` decided where what they ask is known. Where it is
not, both ways are taken, and what comes of that is in doubt (`Command.doubt`).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from qtopo.importers.commands.process import is_known, unknown
from qtopo.importers.commands.shell_branches import Branch, Way, combined, test_of
from qtopo.importers.commands.shell_lexer import Token, tokens
from qtopo.importers.commands.shell_variables import DEEPEST, Variables
from qtopo.importers.commands.shell_words import (
    Definition,
    assignment,
    bare,
    definitions,
    opens,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from qtopo.importers.static.budget import Budget

_POSITIONAL = re.compile(r"\0\$(\d|\{\d+\})\0")
_EXPORTS = frozenset({"export", "declare", "typeset", "readonly", "local", "set"})
_ENDS = frozenset({";", "&", "&&", "||", "|", "|&", "\n", "(", ")", ";;", ";&", ";;&"})


class Command(NamedTuple):
    """One command of a script; `env` are variables that it exports or sets for it.

    `doubt`: it runs only under a condition that is not known; `ways` are the branches that
    it stands in, of which another part excludes it.
    """

    words: tuple[str, ...]
    env: dict[str, str]
    line: int
    doubt: bool = False
    ways: tuple[Way, ...] = ()


class Shell(Variables):
    """Walks one script.

    `args` are its `$1`, `$2`, ... (None: whatever it is called with); `read` gives the text of
    a file that it takes in with `.`, where that is at hand.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        budget: Budget,
        args: Sequence[str] | None = None,
        depth: int = 0,
        read: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__(env, budget, args, depth)
        self.read = read
        self.condition: bool | None = None
        self.conditions: list[bool | None] = []
        self.joins: set[str] = set()
        self.functions: dict[str, tuple[Token, ...]] = {}
        self.called: set[str] = set()
        self.calls_unknown = False

    def run(self, text: str, line: int = 1) -> Iterator[Command]:
        """Yield the commands of a script in their order.

        A function runs where it is called; where it is not known what is called (`"$@"`),
        those that were not called otherwise may be.
        """
        yield from self._walk(tokens(text, line))
        if self.calls_unknown:
            self.branches = [Branch("if", live=None)]
            for name in [one for one in self.functions if one not in self.called]:
                yield from self._function(name, None)

    def _walk(self, found: Iterable[Token]) -> Iterator[Command]:
        pending: list[Token] = []
        array: list[Token] | None = None
        for token in definitions(found):
            self.budget.step(4)
            if isinstance(token, Definition):
                if self._live() is not False:
                    self.functions[token.name] = token.body
            elif array is not None:
                if token.operator == ")":
                    self._array(pending.pop(), array)
                    array = None
                elif not token.operator:
                    array.append(token)
            elif token.operator == "(" and token.glued and pending and opens(pending[-1]):
                array = []
            elif token.operator == ")" and self._in_case():
                self._pattern(pending)
                pending = []
            elif token.operator in _ENDS and token.operator:
                if token.operator != "|" or not self._in_case():
                    yield from self._command(pending)
                    pending = []
                if token.operator in ("&&", "||", "("):
                    self.conditions.append(self.condition)
                    self.joins.add(token.operator)
                    self.condition = None
                if token.operator in (";;", ";;&", ";&"):
                    self._case_part()
            else:
                pending.append(token)
                if len(pending) > 2 and (bare(pending[-3]), bare(token)) == ("case", "in"):
                    yield from self._command(pending)
                    pending = []
        yield from self._command(pending)

    # Compound commands

    def _in_case(self) -> bool:
        """Whether a pattern of a `case` comes next."""
        return bool(self.branches) and self.branches[-1].kind == "pattern"

    def _pattern(self, pending: list[Token]) -> None:
        branch = self.branches[-1]
        patterns = ["".join(self._fields(token)) for token in pending]
        holds: bool | None = False
        if branch.subject is None or not is_known(branch.subject):
            holds = True if patterns == ["*"] else None
        elif any(fnmatchcase(branch.subject, one) for one in patterns if len(one) < 200):
            holds = True
        branch.kind = "case"
        branch.enter(holds)

    def _case_part(self) -> None:
        if self.branches and self.branches[-1].kind == "case":
            self.branches[-1].kind = "pattern"
            self.branches[-1].live = True

    def _command(self, pending: list[Token]) -> Iterator[Command]:
        """Take one command: a keyword with what follows it, an assignment, or a start."""
        while pending:
            word = bare(pending[0])
            if word == "if":
                self.branches.append(Branch("if"))
                self._new_condition()
            elif word == "elif":
                self._asks()
            elif word == "then":
                self._enter(combined([*self.conditions, self.condition], self.joins))
            elif word == "else":
                self._enter(True)
            elif word in ("fi", "esac", "done"):
                self._close(word)
            elif word == "case":
                subject = self._fields(pending[1]) if len(pending) > 1 else []
                self.branches.append(Branch("pattern", " ".join(subject)))
                return
            elif word == "for" or word == "select":
                self._loop(pending)
                return
            elif word in ("while", "until"):
                self.branches.append(Branch("loop"))
                self.branches[-1].live = None
            elif word == "!":
                self.joins.add("!")
            elif word not in ("do", "{", "}", "time", "function"):
                yield from self._simple(pending)
                return
            pending = pending[1:]

    def _asks(self) -> None:
        """Begin the condition of an `elif`, which may run whatever came of the one before."""
        if self.branches and self.branches[-1].kind == "if":
            self.branches[-1].live = True
            self._new_condition()

    def _new_condition(self) -> None:
        self.condition, self.conditions, self.joins = None, [], set()

    def _enter(self, holds: bool | None) -> None:
        if self.branches and self.branches[-1].kind == "if":
            self.branches[-1].enter(holds)

    def _close(self, word: str) -> None:
        kinds = {"fi": ("if",), "esac": ("case", "pattern"), "done": ("loop",)}[word]
        if self.branches and self.branches[-1].kind in kinds:
            self.branches.pop()

    def _loop(self, pending: list[Token]) -> None:
        branch = Branch("loop")
        self.branches.append(branch)
        if len(pending) > 1:
            name = bare(pending[1]) or ""
            values = [field for token in pending[3:] for field in self._fields(token)]
            if len(values) == 1:
                self._assign(name, values[0])
            else:
                self._assign(name, unknown(f"${name}"))

    # Simple commands

    def _simple(self, pending: list[Token]) -> Iterator[Command]:
        live = self._live()
        if live is False:
            return
        self.doubts = False
        own: dict[str, str] = {}
        rest = list(pending)
        while rest and (found := assignment(rest[0])):
            name, appends, value = found
            text = " ".join(self._expanded(value, split=False))
            own[name] = self._joined(name, text) if appends else text
            rest.pop(0)
        words = [field for token in rest for field in self._fields(token)]
        if not words:
            for name, text in own.items():
                self._assign(name, text)
            self.calls_unknown = self.calls_unknown or (self.args is None and any(map(_all, rest)))
            return
        head = words[0]
        self.calls_unknown = self.calls_unknown or (
            self.args is None and _POSITIONAL.fullmatch(head) is not None
        )
        if head in ("[", "[[", "test"):
            self.condition = test_of([part for part in words if part != "--"])
            return
        if head == ":":
            return
        self.condition = None
        if head == "shift" or (head == "set" and "--" in words):
            self._positional(words, live)
            return
        if head in _EXPORTS:
            self._export(rest[1:], head == "export" or "-x" in words)
            return
        if head in (".", "source") and len(words) > 1 and self.depth < DEEPEST:
            taken = self.read(words[1]) if self.read else None
            if taken is not None:
                self.depth += 1
                yield from self._walk(tokens(taken))
                self.depth -= 1
            return
        if head in self.functions and self.depth < DEEPEST:
            for name, text in own.items():
                self._assign(name, text)
                self.exports.add(name)
            yield from self._function(head, words[1:])
            return
        if head == "eval" and self.depth < DEEPEST and all(map(is_known, words)):
            self.depth += 1
            yield from self._walk(tokens(" ".join(words[1:]), pending[0].line))
            self.depth -= 1
            return
        if head == "unset":
            for name in words[1:]:
                self.set[name] = ""
            return
        yield Command(
            tuple(words),
            {**self.exported(), **own},
            pending[0].line,
            doubt=live is None or self.doubts,
            ways=tuple((one, one.part) for one in self.branches if one.kind != "loop"),
        )

    def _function(self, name: str, args: Sequence[str] | None) -> Iterator[Command]:
        self.called.add(name)
        outer, self.args = self.args, args
        self.depth += 1
        yield from self._walk(self.functions[name])
        self.depth -= 1
        self.args = outer

    def _positional(self, words: list[str], live: bool | None) -> None:
        """Take `shift` and `set -- a b`, which change `$1`, `$2`, ..."""
        if words[0] == "set":
            self.args = words[words.index("--") + 1 :] if live else None
        elif self.args is not None:
            count = words[1] if len(words) > 1 else "1"
            given = int(count) if count.isdigit() and len(count) < 6 else 0
            # One that asks for more than there are leaves them all.
            given = given if given <= len(self.args) else 0
            self.args = self.args[given:] if live else None


def _all(token: Token) -> bool:
    """Whether a word is `"$@"`."""
    return any(part.text in ("@", "*") for part in token.parts)
