"""Which route decides a task: Celery's `MapRoute`, with a look-up that stays fast.

An exact name beats every pattern; patterns are asked in the order of the file.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.routes import Regex, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

_SPECIAL = re.compile(r"[*?\[]")


class Decision(NamedTuple):
    """What decided: a `route`, a `task`'s own queue, or the `default` queue.

    `path` is the key path of it, `route` what it says (None: the default), and
    `pattern` the name or pattern that matched.
    """

    kind: str
    path: Path
    route: Route | None
    pattern: str | None


class _Pattern(NamedTuple):
    order: int
    matches: Callable[[str], object]
    decision: Decision


class RouteTable:
    """The routes of a topology, made for looking up many names.

    Patterns are filed under the text before their first wildcard, so that a
    look-up only tries those that begin as the name does.
    """

    def __init__(self, topology: Topology) -> None:
        self._exact: dict[str, Decision] = {}
        self._by_prefix: dict[str, list[_Pattern]] = {}
        self._default = Decision("default", ("defaults", "queue"), None, None)
        order = 0
        for index, route in enumerate(topology.routes):
            path: Path = ("routes", index)
            for name in route.names:
                self._exact.setdefault(name, Decision("route", path, route, name))
            for glob in route.globs:
                prefix, matches = compile_glob(glob)
                self._file(prefix, _Pattern(order, matches, Decision("route", path, route, glob)))
                order += 1
            if isinstance(route.task, Regex) and route.task.regex:
                # Celery asks `match`, which anchors the start only.
                expression = route.task.regex
                decision = Decision("route", path, route, expression)
                self._file("", _Pattern(order, re.compile(expression).match, decision))
                order += 1
        for name, task in topology.tasks.items():
            if task.queue is not None:
                own = Route(task=name, queue=task.queue)
                self._exact.setdefault(name, Decision("task", ("tasks", name), own, name))
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def _file(self, prefix: str, pattern: _Pattern) -> None:
        self._by_prefix.setdefault(prefix, []).append(pattern)

    def find(self, name: str) -> Decision:
        """Return what decides where a task goes."""
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        best: _Pattern | None = None
        for pattern in self._candidates(name):
            if (best is None or pattern.order < best.order) and pattern.matches(name):
                best = pattern
        return self._default if best is None else best.decision

    def matching(self, name: str) -> list[Decision]:
        """Return everything that matches a task, the one that decides first."""
        exact = self._exact.get(name)
        patterns = sorted(
            (one for one in self._candidates(name) if one.matches(name)), key=lambda one: one.order
        )
        found = [] if exact is None else [exact]
        return [*found, *(one.decision for one in patterns), self._default]

    def _candidates(self, name: str) -> Iterator[_Pattern]:
        for length in self._lengths:
            if length > len(name):
                return
            yield from self._by_prefix.get(name[:length], ())


def compile_glob(glob: str) -> tuple[str, Callable[[str], object]]:
    """Return the text before a glob's first wildcard, and what tells whether a name matches.

    Exactly Celery's: `fnmatch.translate`, so a star crosses dots, case counts,
    and `?` and `[...]` are wildcards too.
    """
    first = _SPECIAL.search(glob)
    prefix = glob[: first.start()] if first else glob
    rest = glob[len(prefix) :]
    if rest == "*":
        return prefix, lambda name: name.startswith(prefix)
    suffix = rest[1:]
    if rest[:1] == "*" and not _SPECIAL.search(suffix):
        least = len(prefix) + len(suffix)
        return (
            prefix,
            lambda name: len(name) >= least and name.startswith(prefix) and name.endswith(suffix),
        )
    return prefix, re.compile(translate(glob)).match


def table(topology: Topology) -> RouteTable:
    """Return the topology's routes; built once for each topology."""
    return topology.wiring.memo("routing.table", lambda: RouteTable(topology))
