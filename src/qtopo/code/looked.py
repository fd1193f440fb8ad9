"""A topology and a project side by side: what several rules ask of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.code.index import UNTOLD
from qtopo.routing.call import Call
from qtopo.routing.route import Routed, route
from qtopo.topology.misspelling import Misspellings
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.code.survey import Survey
    from qtopo.code.tasks import Task
    from qtopo.topology.topology import Topology

_OPTIONS = ("queue", "exchange", "routing_key", "priority")


class Looked:
    """What is known of both; answers are kept."""

    def __init__(self, topology: Topology, survey: Survey) -> None:
        self.topology = topology
        self.survey = survey
        self._routes: dict[tuple[str, str], Routed] = {}
        self._near: Misspellings | None = None
        names = [task.name for task in survey.tasks]
        self.tops = {name.partition(".")[0] for name in (*survey.project.modules, *names)}
        self._loose = {name for task in survey.tasks if not task.sure for name in loose(task)}

    def has(self, name: str) -> bool:
        """Whether the project has a task of a name, or may have: of some it is not certain."""
        return name in self.survey.by_name or name in self._loose

    def names(self) -> Iterator[str]:
        """Yield every name that a task has, or may have."""
        yield from self.survey.by_name
        yield from self._loose

    def is_foreign(self, name: str) -> bool:
        """Whether a name looks like that of a task from an installed package, or Celery's own."""
        top = name.partition(".")[0]
        return top == "celery" or (top not in self.tops and self.slip(name) is None)

    def slip(self, name: str) -> str | None:
        """Return the task whose name another is with a slip of the keyboard."""
        if self._near is None:
            self._near = Misspellings(self.survey.by_name)
        return self._near.find(name)

    def hint(self, name: str) -> str | None:
        """Return `did you mean 'x'?`, or None."""
        near = self.slip(name)
        if near is None:
            last = name.rpartition(".")[2]
            same = [one for one in self.survey.by_name if one.rpartition(".")[2] == last]
            near = same[0] if len(same) == 1 else None
        return f"did you mean {near!r}?" if near else did_you_mean(name, self.survey.by_name)

    def where(self, name: str, options: Mapping[str, Any] | None = None) -> Routed:
        """Return where a task goes, with the options of its decorator and of a call."""
        given = told(options or {})
        key = (name, repr(sorted(given.items())))
        if key not in self._routes:
            self._routes[key] = route(self.topology, name, self.call(name, given))
        return self._routes[key]

    def undecorated(self, name: str) -> Routed:
        """Return where a task would go if its decorator said nothing of it."""
        return route(self.topology, name, Call(name, registered=name in self.survey.by_name))

    def call(self, name: str, options: Mapping[str, Any]) -> Call:
        """Return the call of a task as its module would make it."""
        task = self.survey.by_name.get(name)
        decorator = {} if task is None else told(task.options)
        return Call(name, options, decorator=decorator, registered=task is not None)


def told(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options about routing whose values the text tells."""
    return {
        key: options[key]
        for key in _OPTIONS
        if isinstance(options.get(key), int if key == "priority" else str) and options[key] != ""
    }


def loose(task: Task) -> Iterator[str]:
    """Yield the names that a task may have where the folder commands start in is not known."""
    if task.options.get("name") is UNTOLD:
        return
    parts = task.name.split(".")
    for start in range(1, len(parts) - 1):
        yield ".".join(parts[start:])
