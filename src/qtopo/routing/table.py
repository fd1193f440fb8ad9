"""Which route decides a task: Celery's `MapRoute`.

An exact name beats every pattern; patterns are asked in the order of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.patterns import Patterns
from qtopo.topology.routes import Regex, Route

if TYPE_CHECKING:
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology


class Decision(NamedTuple):
    """What decided: a `route`, a `task`'s own queue, or the `default` queue.

    `path` is the key path of it, `route` what it says (None: the default), and
    `pattern` the name or pattern that matched.
    """

    kind: str
    path: Path
    route: Route | None
    pattern: str | None


class RouteTable:
    """The routes of a topology, made for looking up many names."""

    def __init__(self, topology: Topology) -> None:
        self._exact: dict[str, Decision] = {}
        self._patterns: Patterns[Decision] = Patterns()
        self._default = Decision("default", ("defaults", "queue"), None, None)
        for index, route in enumerate(topology.routes):
            path: Path = ("routes", index)
            for name in route.names:
                self._exact.setdefault(name, Decision("route", path, route, name))
            for glob in route.globs:
                self._patterns.add_glob(glob, Decision("route", path, route, glob))
            if isinstance(route.task, Regex) and route.task.regex:
                expression = route.task.regex
                self._patterns.add_regex(expression, Decision("route", path, route, expression))
        for name, task in topology.tasks.items():
            if task.queue is not None:
                own = Route(task=name, queue=task.queue)
                self._exact.setdefault(name, Decision("task", ("tasks", name), own, name))

    def find(self, name: str) -> Decision:
        """Return what decides where a task goes."""
        return self._exact.get(name) or self._patterns.find(name) or self._default

    def matching(self, name: str) -> list[Decision]:
        """Return everything that matches a task, the one that decides first."""
        exact = self._exact.get(name)
        found = [] if exact is None else [exact]
        return [*found, *self._patterns.matching(name), self._default]


def table(topology: Topology) -> RouteTable:
    """Return the topology's routes; built once for each topology."""
    return topology.wiring.memo("routing.table", lambda: RouteTable(topology))
