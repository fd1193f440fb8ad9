"""Routes as Celery's `task_routes` takes them.

Celery asks exact names first, then patterns in order; the first that matches
decides alone. What a route has to say for a queue is `topology.publishing`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.values import RegexValue
from qtopo.topology.patterns import Patterns
from qtopo.topology.publishing import publishing
from qtopo.topology.routes import Regex, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.topology.topology import Topology

CATCH_ALL = "*"


class Pattern(NamedTuple):
    """A pattern of the file, or the compiler's catch-all (its route is None)."""

    key: str | RegexValue
    route: Route | None


class Routes:
    """The routes of a topology: `exact` by name, `patterns` in the order they are asked.

    `patterns` ends with a catch-all of the compiler's own (its route is None)
    where tasks that nothing routes need a priority, unless the file has one.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.exact: dict[str, Route] = {}
        self.patterns: list[Pattern] = []
        self._lookup: Patterns[Pattern] = Patterns()
        # A name or pattern answered twice is an error of the file; the first counts.
        seen: set[str | RegexValue] = set()
        for route in topology.routes:
            for name in route.names:
                self.exact.setdefault(name, route)
            for pattern in _patterns(route):
                if pattern.key not in seen:
                    seen.add(pattern.key)
                    self._add(pattern)
        for name, task in topology.tasks.items():
            # Celery would read a name with a star as a pattern.
            if task.queue is not None and "*" not in name:
                self.exact.setdefault(name, Route(task=name, queue=task.queue))
        if CATCH_ALL not in seen and publishing(topology, None).wire_priority is not None:
            self._add(Pattern(CATCH_ALL, None))

    def _add(self, pattern: Pattern) -> None:
        self.patterns.append(pattern)
        if isinstance(pattern.key, RegexValue):
            self._lookup.add_regex(pattern.key.pattern, pattern)
        else:
            self._lookup.add_glob(pattern.key, pattern)

    def pattern(self, task: str) -> Pattern | None:
        """Return the pattern that decides a task without an exact route."""
        return self._lookup.find(task)

    def decide(self, task: str) -> Route | None:
        """Return the route that decides a task; None where the default queue takes it."""
        route = self.exact.get(task)
        if route is not None:
            return route
        pattern = self.pattern(task)
        return None if pattern is None else pattern.route

    def options(self, task: str) -> dict[str, Any]:
        """Return what Celery's router adds to a task's options; empty where nothing matches."""
        route = self.exact.get(task)
        if route is None:
            pattern = self.pattern(task)
            if pattern is None:
                return {}
            route = pattern.route
        return publishing(self._topology, route).options()


def compile_routes(
    topology: Topology, known_tasks: Iterable[str] = ()
) -> list[tuple[str | RegexValue, dict[str, Any]]]:
    """Return pairs of a name or pattern and its options, exact names first.

    Known tasks that a pattern decides become exact names, so that a producer's
    look-up is a dictionary's; the patterns stay behind them for other names.
    """
    routes = Routes(topology)
    pairs: list[tuple[str | RegexValue, dict[str, Any]]] = [
        (name, publishing(topology, route).options()) for name, route in routes.exact.items()
    ]
    for name in dict.fromkeys((*topology.known_tasks(), *known_tasks)):
        if name in routes.exact or "*" in name:
            continue
        pattern = routes.pattern(name)
        if pattern is not None:
            pairs.append((name, publishing(topology, pattern.route).options()))
    pairs.extend(
        (pattern.key, publishing(topology, pattern.route).options()) for pattern in routes.patterns
    )
    return pairs


def _patterns(route: Route) -> Iterable[Pattern]:
    if isinstance(route.task, Regex):
        if route.task.regex:
            yield Pattern(RegexValue(route.task.regex), route)
        return
    for glob in route.globs:
        yield Pattern(glob, route)
