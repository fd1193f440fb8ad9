"""Shell scripts, walked through and not run: which commands they start, with which words.

Variables are followed, `if` and `case` decided where what they ask is known. Where it is
not, both ways are taken, and what comes of that is in doubt (`Command.doubt`).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from qtopo.importers.commands.process import is_known, unknown
from qtopo.importers.commands.shell_branches import Branch, test_of
from qtopo.importers.commands.shell_lexer import CODE, TEXT, Part, Token, tokens
from qtopo.importers.static.budget import OutOfBudgetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qtopo.importers.static.budget import Budget

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
_FIELD = re.compile(r"(?:\0[^\0]*\0|[^\s\0])+")
_INDEX = re.compile(r"\[[^\]]*\]$")
_EXPORTS = frozenset({"export", "declare", "typeset", "readonly", "local", "set"})
_LONGEST = 20_000
_MOST_BRANCHES = 200
_DEEPEST = 8
_ENDS = frozenset({";", "&", "&&", "||", "|", "|&", "\n", "(", ")", ";;", ";&", ";;&"})


class Command(NamedTuple):
    """One command of a script; `env` are variables that it exports or sets for it.

    `doubt`: it runs only under a condition that is not known.
    """

    words: tuple[str, ...]
    env: dict[str, str]
    line: int
    doubt: bool = False


class Shell:
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
        self.given = dict(env)
        self.set: dict[str, str | list[str]] = {}
        self.args = args
        self.budget = budget
        self.depth = depth
        self.branches: list[Branch] = []
        self.exports = set(env)
        self.read = read
        self.condition: bool | None = None
        self.compound = False
        self.doubtful: set[str] = set()
        self.doubts = False

    def run(self, text: str, line: int = 1) -> Iterator[Command]:
        """Yield the commands of a script in their order."""
        pending: list[Token] = []
        array: list[Token] | None = None
        for token in tokens(text, line):
            self.budget.step(4)
            if array is not None:
                if token.operator == ")":
                    self._array(pending.pop(), array)
                    array = None
                elif not token.operator:
                    array.append(token)
            elif token.operator == "(" and token.glued and pending and _opens(pending[-1]):
                array = []
            elif token.operator == ")" and self._in_case():
                self._pattern(pending)
                pending = []
            elif token.operator in _ENDS and token.operator:
                if token.operator != "|" or not self._in_case():
                    yield from self._command(pending)
                    pending = []
                if token.operator in ("&&", "||"):
                    self.compound = True
                if token.operator in (";;", ";;&", ";&"):
                    self._case_part()
            else:
                pending.append(token)
                if len(pending) > 2 and (_bare(pending[-3]), _bare(token)) == ("case", "in"):
                    yield from self._command(pending)
                    pending = []
        yield from self._command(pending)

    def exported(self) -> dict[str, str]:
        """Return the variables that commands get on top of those that were given."""
        return {
            key: one
            for key, one in self.set.items()
            if isinstance(one, str) and key in self.exports
        }

    # Compound commands

    def _live(self) -> bool | None:
        if len(self.branches) > _MOST_BRANCHES:
            raise OutOfBudgetError("the script is nested too deep")
        states = [branch.live for branch in self.branches]
        return False if False in states else None if None in states else True

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
            word = _bare(pending[0])
            if word == "if":
                self.branches.append(Branch("if"))
                self.condition, self.compound = None, False
            elif word == "elif":
                self._asks()
            elif word == "then":
                self._enter(None if self.compound else self.condition)
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
                self.compound = True
            elif word not in ("do", "{", "}", "time", "function"):
                yield from self._simple(pending)
                return
            pending = pending[1:]

    def _asks(self) -> None:
        """Begin the condition of an `elif`, which may run whatever came of the one before."""
        if self.branches and self.branches[-1].kind == "if":
            self.branches[-1].live = True
            self.condition, self.compound = None, False

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
            name = _bare(pending[1]) or ""
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
        while rest and (found := _assignment(rest[0])):
            name, appends, value = found
            text = " ".join(self._expanded(value, split=False))
            own[name] = self._joined(name, text) if appends else text
            rest.pop(0)
        words = [field for token in rest for field in self._fields(token)]
        if not words:
            for name, text in own.items():
                self._assign(name, text)
            return
        head = words[0]
        if head in ("[", "[[", "test"):
            self.condition = test_of([part for part in words if part != "--"])
            return
        if head == ":":
            return
        self.condition = None
        if head in _EXPORTS:
            self._export(rest[1:], head == "export" or "-x" in words)
            return
        if head in (".", "source") and len(words) > 1 and self.depth < _DEEPEST:
            taken = self.read(words[1]) if self.read else None
            if taken is not None:
                self.depth += 1
                yield from self.run(taken)
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
        )

    def _export(self, rest: list[Token], exports: bool) -> None:
        for token in rest:
            found = _assignment(token)
            named = found[0] if found else _bare(token)
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
        found = _assignment(opening)
        if found is None or self._live() is False:
            return
        name, appends, _ = found
        values = [field for token in items for field in self._fields(token)]
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

    # Words

    def _fields(self, token: Token) -> list[str]:
        return self._expanded(token.parts, split=True)

    def _expanded(self, parts: Sequence[Part], *, split: bool) -> list[str]:
        """Return the fields that a word becomes: unquoted variables are split at blanks."""
        fields: list[str] = []
        current: list[str] | None = None
        size = 0
        for part in parts:
            values = self._value(part)
            size += sum(map(len, values))
            self.budget.step(1 + size // 256)
            if size > _LONGEST:
                return [unknown(part.source or "a long text")]
            whole = part.kind == TEXT or (part.quoted and not _lists(part)) or not split
            if whole:
                text = " ".join(values)
                current = [*(current or []), text]
                continue
            pieces = (
                values if part.quoted else [one for text in values for one in _FIELD.findall(text)]
            )
            if not pieces:
                continue
            current = [*(current or []), pieces[0]]
            for piece in pieces[1:]:
                fields.append("".join(current))
                current = [piece]
        if current is not None:
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
            return list(self.args or ())
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
        if self.depth >= _DEEPEST:
            return unknown(word)
        inner = Shell(self.given, self.budget, self.args, self.depth + 1)
        inner.set = self.set
        fields: list[str] = []
        for token in tokens(word):
            if not token.operator:
                fields += inner._expanded(token.parts, split=False)
        return " ".join(fields)


def _lists(part: Part) -> bool:
    """Whether a part gives several words even between quotes."""
    return part.text == "@" or part.text.endswith("[@]")


def _bare(token: Token) -> str | None:
    """Return a word that is written without quotes and variables."""
    if len(token.parts) == 1 and token.parts[0].kind == TEXT and not token.parts[0].quoted:
        return token.parts[0].text
    return None


def _opens(token: Token) -> bool:
    """Whether a word is `NAME=` or `NAME+=`, which a list in brackets follows."""
    found = _assignment(token)
    return found is not None and not any(part.text or part.quoted for part in found[2])


def _assignment(token: Token) -> tuple[str, bool, tuple[Part, ...]] | None:
    """Return the name, whether it appends, and the value of `NAME=value`."""
    if not token.parts or token.parts[0].kind != TEXT or token.parts[0].quoted:
        return None
    found = _ASSIGNMENT.match(token.parts[0].text)
    if found is None:
        return None
    first = token.parts[0]._replace(text=token.parts[0].text[found.end() :])
    return found[1], bool(found[2]), (first, *token.parts[1:])
