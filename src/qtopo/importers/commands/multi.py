"""`celery multi`: the nodes it starts, by Celery's own parser. Nothing is started or written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.importers.commands.options import BadOptionsError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 1_000
_STARTING = frozenset({"start", "restart", "show", "expand"})


class Node(NamedTuple):
    """Nodes that are started alike: the name of the first, how many, and their options."""

    name: str
    nodes: int
    words: tuple[str, ...]


def nodes(words: Sequence[str]) -> list[Node]:
    """Return the nodes that the words after `celery multi` start; nodes alike are one.

    Other commands (`stop`, `kill`) start none. Raises BadOptionsError.
    """
    if not words or words[0] not in _STARTING:
        return []
    from celery.apps.multi import MultiParser, NamespacedOptionParser

    class Parser(MultiParser):  # type: ignore[misc, unused-ignore]
        # Celery's own node makes folders for its files.
        Node = staticmethod(_Started)

    given = [one for one in words[1:] if one not in ("-", "--verbose")]
    parser = NamespacedOptionParser(given)
    try:
        parser.parse()
        _bound(parser)
        started = list(Parser().parse(parser))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadOptionsError(f"celery multi refuses it: {error}") from None
    found: dict[tuple[str, ...], tuple[str, int]] = {}
    for one in started:
        first, count = found.get(one.words, (one.name, 0))
        found[one.words] = (first, count + 1)
    return [Node(name, count, given) for given, (name, count) in found.items()]


class _Started(NamedTuple):
    """What stands in for Celery's node: called with what it is called with."""

    name: str
    cmd: str
    append: str
    options: dict[str, Any]
    passthrough: str

    @property
    def words(self) -> tuple[str, ...]:
        import shlex

        found: list[str] = []
        for name, value in self.options.items():
            if value is None:
                found.append(name)
            elif name.startswith("--"):
                found.append(f"{name}={value}")
            else:
                found += [name, str(value)]
        return (*found, *shlex.split(self.passthrough))


def _bound(parser: Any) -> None:
    """Refuse numbers and ranges that would make more nodes than anybody starts."""
    names = parser.values
    if len(names) > _MOST or (len(names) == 1 and names[0].isdigit() and int(names[0]) > _MOST):
        raise ValueError(f"more than {_MOST} nodes")
    for namespace in parser.namespaces:
        for low, high in re.findall(r"(\d+)-(\d+)", namespace):
            if int(high) - int(low) > _MOST:
                raise ValueError(f"more than {_MOST} nodes")
