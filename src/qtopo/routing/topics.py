"""Topic matching: RabbitMQ's, and kombu's own for the virtual transports.

They differ: on RabbitMQ `#` stands for any number of words, none included, so
`a.#` takes `a`; kombu makes a regular expression of the pattern, in which the
dot before `#` has to be there (facts measured on kombu 5.7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def rabbit_matches(pattern: str, key: str) -> bool:
    """Whether RabbitMQ's topic exchange takes a key for a binding key."""
    trie: TopicTrie[bool] = TopicTrie()
    trie.add(pattern, True)
    return any(trie.find(key))


class TopicTrie(Generic[T]):
    """Binding keys word by word, as RabbitMQ keeps them: a look-up costs the key's words."""

    def __init__(self) -> None:
        self._root: dict[str, dict] = {}  # type: ignore[type-arg]
        self._values: dict[int, list[T]] = {}

    def add(self, pattern: str, value: T) -> None:
        """File a value under a binding key."""
        node = self._root
        for word in _words(pattern):
            node = node.setdefault(word, {})
        self._values.setdefault(id(node), []).append(value)

    def find(self, key: str) -> Iterator[T]:
        """Yield the values of every binding key that matches, each once."""
        words = _words(key)
        # States are (node, words taken); each is visited once, so patterns with
        # many `#` cannot blow up.
        seen: set[tuple[int, int]] = set()
        todo = [(self._root, 0)]
        while todo:
            node, taken = todo.pop()
            if (id(node), taken) in seen:
                continue
            seen.add((id(node), taken))
            if taken == len(words):
                yield from self._values.get(id(node), ())
            else:
                words_here = {words[taken], "*"} - {"#"}
                todo.extend((node[word], taken + 1) for word in words_here if word in node)
            if "#" in node:
                todo.extend((node["#"], rest) for rest in range(taken, len(words) + 1))


def _words(key: str) -> list[str]:
    """Split a key; RabbitMQ takes an empty one for no words at all, which `*` does not match."""
    return key.split(".") if key else []


def virtual_pattern(binding_key: str) -> str:
    """Return the regular expression kombu makes of a binding key."""
    words = {"*": r"[^\.]+", "#": r".*?"}
    return "^{}$".format(
        r"\.".join(words.get(word, word) for word in _escape(binding_key).split("."))
    )


def _escape(text: str) -> str:
    """Escape as kombu does: all but letters, digits, and `.#*`, which stay what they are."""
    return "".join(one if one.isalnum() or one in ".#*" else "\\" + one for one in text)


def virtual_matches(pattern: str, key: str) -> bool:
    """Whether kombu's topic exchange takes a key; False where the pattern breaks it."""
    try:
        return re.match(virtual_pattern(pattern), key) is not None
    except re.error:
        return False


def has_wildcard(key: str) -> bool:
    """Whether a binding key has a wildcard word, so that it is no key to publish with."""
    return any(word in ("*", "#") for word in key.split("."))


def redis_glob(pattern: str) -> re.Pattern[str]:
    """Return what Redis means by a pattern of PSUBSCRIBE, for `fullmatch`.

    `*` any text, `?` one character, `[abc]`, `[^abc]` and `[a-z]` one of a set (which
    need not be closed), `\\` the next character as it is. Redis counts bytes: give
    it texts that have one character for each.
    """
    out: list[str] = []
    position = 0
    while position < len(pattern):
        one = pattern[position]
        position += 1
        if one == "*":
            out.append(".*")
        elif one == "?":
            out.append(".")
        elif one == "[":
            text, position = _glob_set(pattern, position)
            out.append(text)
        else:
            if one == "\\" and position < len(pattern):
                one = pattern[position]
                position += 1
            out.append(re.escape(one))
    return re.compile("".join(out), re.DOTALL)


def _glob_set(pattern: str, position: int) -> tuple[str, int]:
    """Return a set of Redis's glob as a regular expression, and where it ends."""
    negated = pattern[position : position + 1] == "^"
    position += negated
    members: list[str] = []
    while position < len(pattern) and pattern[position] != "]":
        one = pattern[position]
        if one == "\\" and position + 1 < len(pattern):
            members.append(re.escape(pattern[position + 1]))
            position += 2
        elif pattern[position + 1 : position + 2] == "-" and position + 2 < len(pattern):
            low, high = sorted((one, pattern[position + 2]))
            members.append(f"{re.escape(low)}-{re.escape(high)}")
            position += 3
        else:
            members.append(re.escape(one))
            position += 1
    if not members:
        return ("." if negated else "(?!)"), position + 1
    return f"[{'^' if negated else ''}{''.join(members)}]", position + 1
