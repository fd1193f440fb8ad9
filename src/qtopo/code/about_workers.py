"""The rule about what workers import: a task that a worker lacks, it throws away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.code.findings import CodeFinding, finding
from qtopo.code.imports import Imports
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.looked import Looked
    from qtopo.code.tasks import Task


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield the workers that get tasks of modules they do not import."""
    imports = Imports(looked.survey.project)
    base = _of_all(looked, imports)
    if base is None:
        return
    missing: dict[tuple[str, str], list[Task]] = {}
    known: dict[str, frozenset[str] | None] = {}
    for task in looked.survey.tasks:
        if task.foreign or task.module in base or not _is_named_right(looked, task):
            continue
        for name in looked.where(task.name).workers:
            worker = looked.topology.workers[name]
            if name not in known:
                known[name] = imports.reach(worker.include) if worker.include else frozenset()
            own = known[name]
            if own is not None and task.module not in own:
                missing.setdefault((name, task.module), []).append(task)
    for (name, module), tasks in missing.items():
        more = f" (and {len(tasks) - 1} more)" if len(tasks) > 1 else ""
        yield finding(
            "task-not-imported",
            f"worker {name!r} gets task {tasks[0].name!r}{more}, and nothing that it imports "
            f"brings in module {module!r}: it throws the task away",
            At(("workers", name), "table"),
            help=f'import it with the application, or add include = ["{module}"] to the worker',
            related=(("the task is here", tasks[0].spot),),
        )


def _of_all(looked: Looked, imports: Imports) -> frozenset[str] | None:
    """Return the modules that every worker has; None where that cannot be told."""
    modules = looked.survey.project.modules
    app = looked.survey.app
    if app is not None:
        # What Django's checks import as a worker starts, the views, is not there yet.
        starts = [one for one in app.modules if one in modules]
        return app.modules | (imports.reach(starts) or frozenset())
    named = (looked.topology.app.celery or "").partition(":")[0]
    starts = [one for one in (named, f"{named}.celery") if one in modules]
    if not named or not starts:
        return None
    for key in ("include", "imports"):
        given = looked.topology.settings.get(key) or ()
        starts.extend(one for one in given if isinstance(one, str))
    return imports.reach(starts)


def _is_named_right(looked: Looked, task: Task) -> bool:
    """Whether imports would name the task's module as it is named here."""
    module = looked.survey.project.modules[task.module]
    return module.sure or "." not in module.name
