"""A Celery application that has been loaded, as a survey: what it knows of itself is certain.

The application is an object that others have loaded: nothing is imported here. Its
source files are read as those of any project are, for calls and for state.
"""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.code.index import UNTOLD
from qtopo.code.project import Module, Project, Spot
from qtopo.code.survey import Survey, survey
from qtopo.code.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

_BUILTIN = "celery."
_INSTALLED = ("site-packages", "dist-packages")
_ROUTING = ("queue", "exchange", "routing_key")


class Entry(NamedTuple):
    """An entry of the schedule that the application has."""

    name: str
    task: str
    queue: str | None


class Application(NamedTuple):
    """What a loaded application says of itself.

    `name` is how it was asked for, `module` the one it stands in; `modules` are all
    that were imported with it. `sends` is the queue that its own routers and settings
    send each task to, None where that is not known.
    """

    name: str
    module: str
    modules: frozenset[str]
    sends: dict[str, str | None]
    entries: tuple[Entry, ...]


def look(app: Any, name: str, known: Iterable[str] = (), folder: str | None = None) -> Survey:
    """Return what a loaded application has; `known` are modules that were there before it.

    `folder` is read too, for what the application's modules do not import: views
    that send tasks, and tasks that it lacks.
    """
    before = set(known)
    tasks = {
        one: task for one, task in sorted(app.tasks.items()) if not str(one).startswith(_BUILTIN)
    }
    project = Project(folder)
    project.add(_modules(name, tasks.values(), before))

    def amend(found: Survey) -> Survey:
        registered = [_task(app, one, task, found) for one, task in tasks.items()]
        places = {(one.module, one.function) for one in registered}
        others = [one for one in found.tasks if (one.module, one.function) not in places]
        # A task in a file that was imported, which the application does not have, is another's.
        loaded = () if folder is None else [one for one in others if one.module not in sys.modules]
        return found._replace(
            tasks=[*registered, *loaded],
            by_name={one.name: one for one in (*others, *registered)},
            by_place={(one.module, one.function): one for one in (*others, *registered)},
            app=_application(app, name, tasks),
        )

    return survey(project, amend)


def _application(app: Any, name: str, tasks: dict[str, Any]) -> Application:
    return Application(
        name,
        name.partition(":")[0],
        frozenset(sys.modules),
        {one: _sent_to(app, task) for one, task in tasks.items()},
        tuple(_entries(app)),
    )


# Modules


def _modules(name: str, tasks: Iterable[Any], before: set[str]) -> Iterator[Module]:
    """Yield the modules that are the project's, of all that are imported.

    They have the application's or a task's top package, or came with the application and
    stand below the working directory.
    """
    tops = {name.partition(":")[0].partition(".")[0]}
    tops |= {str(getattr(task, "__module__", "")).partition(".")[0] for task in tasks}
    here = os.path.realpath(os.curdir) + os.sep
    for one, module in sorted(sys.modules.items()):
        path = _source(module)
        if path is None or _is_installed(path):
            continue
        if one.partition(".")[0] in tops or (one not in before and path.startswith(here)):
            yield _module(one, path, package=hasattr(module, "__path__"))


def _module(name: str, path: str, *, package: bool = False) -> Module:
    return Module(name, _shown(path), package=package, sure=True)


def _source(module: ModuleType | None) -> str | None:
    path = getattr(module, "__file__", None)
    if not isinstance(path, str) or not path.endswith(".py"):
        return None
    return os.path.realpath(path)


def _is_installed(path: str) -> bool:
    if any(part in _INSTALLED for part in path.split(os.sep)):
        return True
    homes = {sysconfig.get_path(one) for one in ("stdlib", "platstdlib")}
    return any(home and path.startswith(os.path.realpath(home) + os.sep) for home in homes)


def _shown(path: str) -> str:
    """Return a path as people of the project call it: from here, where it is below."""
    relative = os.path.relpath(path, os.path.realpath(os.curdir))
    return path if relative.startswith(os.pardir) else relative


# Tasks


def _task(app: Any, name: str, task: Any, found: Survey) -> Task:
    """Return a registered task, with what its source says of it where that is the project's."""
    module, function, code = _function(task)
    written = found.by_place.get((module, function))
    if written is None:
        written = found.by_name.get(name)
    options = dict(_options(app, task))
    if written is not None:
        places = dict(written.places)
        if getattr(task, "autoretry_for", None):
            places.setdefault("autoretry_for", written.spot)
        return written._replace(name=name, sure=True, options=options, places=places)
    # One that a call or an installed package has made.
    mine = module in found.project.modules
    if not mine and code is not None:
        path = os.path.realpath(code.co_filename)
        found.project.elsewhere.setdefault(module, _module(module, path))
    line = 1 if code is None else code.co_firstlineno
    if not mine and code is None:
        home = found.project.elsewhere
        home.setdefault(module, _module(module, _source(sys.modules.get(module)) or module))
    return Task(
        name=name,
        sure=True,
        module=module,
        function=function,
        spot=Spot(module, line, 0, line, 0),
        options=options,
        places={},
        bound=inspect.ismethod(getattr(task, "run", None)),
        cls=None,
        foreign=not mine,
    )


def _function(task: Any) -> tuple[str, str, Any]:
    """Return the module and the dotted name of what a task runs, and its code (None: none)."""
    run = getattr(task, "run", None)
    # One may say that it wraps itself.
    with suppress(ValueError):
        run = inspect.unwrap(run) if callable(run) else run
    code = getattr(run, "__code__", None)
    module = getattr(run, "__module__", None) or getattr(task, "__module__", None)
    name = getattr(run, "__qualname__", None) or type(task).__qualname__
    return str(module or "?"), str(name).replace(".<locals>", ""), code


def _options(app: Any, task: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a task says of itself that rules look at."""
    for key in _ROUTING:
        value = getattr(task, key, None)
        value = getattr(value, "name", value)
        if value is not None:
            yield key, value if isinstance(value, str) else UNTOLD
    priority = getattr(task, "priority", None)
    # Where a task says nothing, Celery fills in the default.
    if isinstance(priority, int) and priority != app.conf.task_default_priority:
        yield "priority", priority
    if isinstance(getattr(task, "ignore_result", None), bool):
        yield "ignore_result", task.ignore_result
    retries = getattr(task, "max_retries", None)
    if isinstance(retries, int):
        yield "max_retries", retries


# What it is set to do


def _sent_to(app: Any, task: Any) -> str | None:
    """Return the queue that the application itself sends a task to; None where it says none.

    Routers are the project's own code: one that raises says nothing.
    """
    try:
        options = dict(task._get_exec_options())
        routed = app.amqp.router.route(options, task.name, (), {}, task)
    except Exception:
        return None
    queue = routed.get("queue")
    name = getattr(queue, "name", queue)
    return name if isinstance(name, str) else None


def _entries(app: Any) -> Iterator[Entry]:
    schedule = app.conf.beat_schedule
    for name, one in schedule.items() if isinstance(schedule, dict) else ():
        task = one.get("task") if isinstance(one, dict) else getattr(one, "task", None)
        options = (one.get("options") if isinstance(one, dict) else None) or {}
        queue = options.get("queue") if isinstance(options, dict) else None
        queue = getattr(queue, "name", queue)
        if isinstance(task, str):
            yield Entry(str(name), task, queue if isinstance(queue, str) else None)
