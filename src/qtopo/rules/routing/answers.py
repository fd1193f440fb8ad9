"""What the routes answer: every name and pattern of the file, in the order in which it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.topology.routes import Regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

NAME, PATTERN, EXPRESSION = "task", "pattern", "expression"


def answers(topology: Topology) -> Iterator[tuple[str, str, Path]]:
    """Yield a kind (`task`, `pattern` or `expression`), the text, and its key path."""
    for index, route in enumerate(topology.routes):
        path: Path = ("routes", index, "task")
        task = route.task
        if isinstance(task, Regex):
            if task.regex is not None:
                yield EXPRESSION, task.regex, (*path, "regex")
        elif isinstance(task, tuple):
            for place, one in enumerate(task):
                if one:
                    yield PATTERN if "*" in one else NAME, one, (*path, place)
        elif task:
            yield PATTERN if "*" in task else NAME, task, path
    for name, facts in topology.tasks.items():
        if facts.queue:
            yield NAME, name, ("tasks", name, "queue")
