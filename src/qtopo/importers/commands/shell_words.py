"""Words of a shell script as they are written, and the functions that it defines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from qtopo.importers.commands.shell_lexer import TEXT, Part, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
_FUNCTION = re.compile(r"[A-Za-z_][\w.:-]*", re.ASCII)
_BEFORE_COMMANDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{"})


class Definition(NamedTuple):
    """A function: its name, and what is run where that is called."""

    name: str
    body: tuple[Token, ...]


def definitions(found: Iterable[Token]) -> Iterator[Token | Definition]:
    """Yield the tokens of a script, and in their places the functions that it defines."""
    items = list(found)
    at, starts = 0, True
    while at < len(items):
        name, body = _function(items, at) if starts else ("", at)
        end = _closing(items, body) if name else at
        if end > at:
            yield Definition(name, tuple(items[body + 1 : end]))
            at, starts = end + 1, False
            continue
        one = items[at]
        starts = bool(one.operator) or bare(one) in _BEFORE_COMMANDS
        yield one
        at += 1


def _function(items: list[Token], at: int) -> tuple[str, int]:
    """Return the name of the function that is defined here, and where its body opens."""
    named = bare(items[at]) == "function"
    at += named
    name = bare(items[at]) if at < len(items) else None
    if not name or not _FUNCTION.fullmatch(name):
        return "", at
    at += 1
    brackets = [one.operator for one in items[at : at + 2]] == ["(", ")"]
    if not brackets and not named:
        return "", at
    at += 2 * brackets
    while at < len(items) and items[at].operator == "\n":
        at += 1
    opened = at < len(items) and (items[at].operator == "(" or bare(items[at]) == "{")
    return (name, at) if opened else ("", at)


def _closing(items: list[Token], at: int) -> int:
    """Return where the brackets that open here are closed; 0 where they are not."""
    depth, starts = 0, True
    rounds = items[at].operator == "("
    for index in range(at, len(items)):
        one = items[index]
        if rounds:
            depth += (one.operator == "(") - (one.operator == ")")
        elif starts:
            depth += (bare(one) == "{") - (bare(one) == "}")
        if depth == 0:
            return index
        starts = bool(one.operator) or bare(one) in _BEFORE_COMMANDS
    return 0


def lists(part: Part) -> bool:
    """Whether a part gives several words even between quotes."""
    return part.text == "@" or part.text.endswith("[@]")


def bare(token: Token) -> str | None:
    """Return a word that is written without quotes and variables."""
    if len(token.parts) == 1 and token.parts[0].kind == TEXT and not token.parts[0].quoted:
        return token.parts[0].text
    return None


def opens(token: Token) -> bool:
    """Whether a word is `NAME=` or `NAME+=`, which a list in brackets follows."""
    found = assignment(token)
    return found is not None and not any(part.text or part.quoted for part in found[2])


def assignment(token: Token) -> tuple[str, bool, tuple[Part, ...]] | None:
    """Return the name, whether it appends, and the value of `NAME=value`."""
    if not token.parts or token.parts[0].kind != TEXT or token.parts[0].quoted:
        return None
    found = _ASSIGNMENT.match(token.parts[0].text)
    if found is None:
        return None
    first = token.parts[0]._replace(text=token.parts[0].text[found.end() :])
    return found[1], bool(found[2]), (first, *token.parts[1:])
