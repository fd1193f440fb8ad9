"""Everything that is found in a project: tasks first, then who sends them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from qtopo.code.calls import CallFinder
from qtopo.code.tasks import TaskFinder

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from qtopo.code.application import Application
    from qtopo.code.calls import Call, Canvas
    from qtopo.code.project import Module, Project
    from qtopo.code.tasks import Task

_MAY_DEFINE = re.compile(r"task|celery|Task")
_MAY_SEND = re.compile(
    r"\.(?:delay|apply_async|send_task|s|si|subtask|signature|retry|chunks|map|starmap)\(|celery"
    r"|schedule"
)
_MAY_MAKE = re.compile(r"return\s+\(?[\w.]*task\(")


class Survey(NamedTuple):
    """What a project has: its tasks by place and by name, its calls, its canvases.

    `app` is what a loaded application says of itself, where there is one.
    """

    project: Project
    tasks: list[Task]
    by_name: dict[str, Task]
    by_place: dict[tuple[str, str], Task]
    calls: list[Call]
    canvases: list[Canvas]
    app: Application | None = None


def survey(project: Project, amend: Callable[[Survey], Survey] | None = None) -> Survey:
    """Look at all modules of a project, tasks first: a call may stand before its task's module.

    `amend` is given the tasks, and returns what is better known of them, before calls are read.
    """
    found = Survey(project, [], {}, {}, [], [])
    senders, others, makers = [], [], set()
    for module in project:
        text = project.text(module)
        if text is None:
            continue
        if _MAY_SEND.search(text):
            senders.append(module)
        if not _MAY_DEFINE.search(text):
            others.append(module)
            continue
        tree = project.tree(module, text)
        if tree is not None:
            _define(found, module, tree)
        if tree is not None and _MAY_MAKE.search(text):
            makers.update(_makers(project, module))
    for module in others if makers else ():
        text = project.text(module)
        tree = project.tree(module, text) if text and any(one in text for one in makers) else None
        if tree is not None:
            _define(found, module, tree)
            senders.append(module)
    if amend is not None:
        found = amend(found)
    for module in dict.fromkeys(senders):
        tree = project.tree(module)
        finder = CallFinder(project, module, found.by_place)
        try:
            if tree is not None:
                finder.run(tree)
        except RecursionError:
            project.give_up(module, "is nested too deep")
            continue
        found.calls.extend(finder.calls)
        found.canvases.extend(finder.canvases)
    return found


def _define(found: Survey, module: Module, tree: ast.Module) -> None:
    """Add the tasks of a module."""
    try:
        tasks = list(TaskFinder(found.project, module).run(tree))
    except RecursionError:
        found.project.give_up(module, "is nested too deep")
        return
    for task in tasks:
        found.tasks.append(task)
        found.by_name.setdefault(task.name, task)
        found.by_place.setdefault((task.module, task.function), task)


def _makers(project: Project, module: Module) -> set[str]:
    """Return the decorators of a module that make tasks, by their last names."""
    try:
        return set(TaskFinder(project, module).makers())
    except RecursionError:
        return set()
