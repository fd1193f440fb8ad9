"""Finds the tasks of a project: decorated functions, classes, and what registers them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.code.index import UNTOLD, assigned, top_level
from qtopo.code.project import Found
from qtopo.code.shapes import APP, CONSTANT, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.code.index import Class
    from qtopo.code.project import Module, Project, Spot

Function = ast.FunctionDef | ast.AsyncFunctionDef

_DECORATORS = (
    "celery.shared_task",
    "celery.app.shared_task",
    "celery.task",
    "celery.task.task",
    "celery.task.periodic_task",
    "celery.decorators.task",
    "celery.decorators.periodic_task",
)
_BASES = (
    "celery.Task",
    "celery.app.task.Task",
    "celery.task.Task",
    "celery.task.base.Task",
    "celery.task.PeriodicTask",
    "celery.contrib.abortable.AbortableTask",
    "celery_once.QueueOnce",
    "celery_singleton.Singleton",
)
_OTHERS = frozenset(
    [
        "airflow",
        "arq",
        "dramatiq",
        "doit",
        "faust",
        "fabric",
        "huey",
        "invoke",
        "locust",
        "luigi",
        "nox",
        "prefect",
        "procrastinate",
        "pyinvoke",
        "robocorp",
        "rq",
        "taskiq",
    ]
)
"""Packages that call something `task` which is not Celery's."""
_DEEPEST = 8


class Task(NamedTuple):
    """A task as the code has it.

    `name` is what Celery registers, `sure` says that it is certain (an automatic
    name outside a package is not). `function` is the name in its module,
    dotted inside a class. `options` are the literal ones of decorator or class
    (UNTOLD for others), `places` where each stands. `cls` is the full name of its
    class, own or `base=`. `written` are the names of the options of a decorator.
    `foreign` is the task of an installed package: its code is not looked at.
    """

    name: str
    sure: bool
    module: str
    function: str
    spot: Spot
    options: Mapping[str, Any]
    places: Mapping[str, Spot]
    bound: bool
    cls: str | None
    written: tuple[str, ...] = ()
    foreign: bool = False

    def option(self, name: str) -> Any:
        """Return a literal option, or None."""
        value = self.options.get(name)
        return None if value is UNTOLD else value


def is_app(project: Project, dotted: str | None, written: str) -> bool:
    """Whether something is a Celery application, by what made it, else by how it is called."""
    if not dotted:
        return False
    if dotted in ("celery.current_app", "celery._state.current_app", "celery.app.base.Celery"):
        return True
    if dotted.partition(".")[0] in _OTHERS:
        return False
    found = project.find(dotted)
    if found is not None and not found.rest and found.name:
        value = project.index(found.module).values.get(found.name)
        if value is not None and value.shape == APP:
            return True
        if value is not None and value.shape not in (UNKNOWN, CONSTANT):
            maker = value.made_by
            return maker.partition(".")[0] not in _OTHERS and _sounds(maker, project)
    last = written.rpartition(".")[2].lower()
    return "celery" in last or last in ("app", "current_app")


def _sounds(maker: str, project: Project) -> bool:
    """Whether what made an object sounds like Celery, or is a class of the project's from it."""
    if "celery" in maker.lower():
        return True
    found = project.find(maker)
    if found is None:
        return False
    one = project.index(found.module).classes.get(found.name)
    return one is not None and any(base.rpartition(".")[2] == "Celery" for base in one.bases)


class TaskFinder:
    """Finds the tasks of one module."""

    def __init__(self, project: Project, module: Module) -> None:
        self._project = project
        self._module = module

    def run(self, tree: ast.Module) -> Iterator[Task]:
        """Yield the tasks, in the order they are written."""
        registered = set(self._registered(tree))
        waiting: list[tuple[str, ast.AST]] = [("", one) for one in reversed(tree.body)]
        while waiting:
            prefix, node = waiting.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from self._of_function(node, prefix)
                prefix += f"{node.name}."
            elif isinstance(node, ast.ClassDef):
                yield from self._of_class(node, prefix, registered)
                prefix += f"{node.name}."
            elif isinstance(node, ast.Assign):
                yield from self._of_call(node, prefix, tree)
            waiting.extend(
                (prefix, one)
                for one in reversed(list(ast.iter_child_nodes(node)))
                if isinstance(one, (ast.stmt, ast.excepthandler))
            )

    def _dotted(self, node: ast.expr) -> str | None:
        return self._project.full_name(node, self._module)

    def is_decorator(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether an expression is what makes tasks of functions."""
        dotted = self._dotted(node)
        if dotted is None:
            return False
        if dotted in _DECORATORS:
            return True
        if isinstance(node, ast.Attribute) and node.attr == "task":
            written = ast.unparse(node.value)
            return is_app(self._project, self._dotted(node.value), written)
        found = self._project.find(dotted)
        if found is None or found.rest or not found.name or depth >= 2:
            return False
        index = self._project.index(found.module)
        if index.defined.get(found.name) == "value":
            value = index.values[found.name]
            made_by = value.made_by
            return made_by in _DECORATORS or (
                made_by.endswith(".task") and is_app(self._project, made_by[:-5], made_by[:-5])
            )
        return index.defined.get(found.name) == "function" and self._wraps(found, depth)

    def makers(self) -> Iterator[str]:
        """Yield the functions of the module that make tasks of others."""
        for name, kind in self._project.index(self._module).defined.items():
            if kind == "function" and self._wraps(Found(self._module, name, ()), 0):
                yield name

    def _wraps(self, found: Found, depth: int) -> bool:
        """Whether a function of the project passes what it decorates on to Celery."""
        tree = self._project.tree(found.module)
        if tree is None:
            return False
        finder = TaskFinder(self._project, found.module)
        for node in top_level(tree.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
                node.name == found.name
            ):
                # One that is itself a task, or that holds one, is no decorator.
                returned = [
                    one.value
                    for one in ast.walk(node)
                    if isinstance(one, ast.Return) and isinstance(one.value, ast.Call)
                ]
                return any(
                    finder.is_decorator(call.func, depth + 1)
                    or (
                        isinstance(call.func, ast.Call)
                        and finder.is_decorator(call.func.func, depth + 1)
                    )
                    for call in returned
                )
        return False

    def _of_function(self, node: Function, prefix: str) -> Iterator[Task]:
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if self.is_decorator(call.func if call else decorator):
                yield self._task(node.name, prefix + node.name, call, decorator)
                return

    def _of_call(self, node: ast.Assign, prefix: str, tree: ast.Module) -> Iterator[Task]:
        """Yield what `name = app.task(function)` makes, in its two forms."""
        call = node.value
        if not isinstance(call, ast.Call) or len(call.args) != 1:
            return
        maker = call.func.func if isinstance(call.func, ast.Call) else call.func
        options = call.func if isinstance(call.func, ast.Call) else call
        if not isinstance(call.args[0], ast.Name) or not self.is_decorator(maker):
            return
        name = call.args[0].id
        for one in top_level(tree.body):
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.name == name:
                yield self._task(name, prefix + name, options, node)
                return

    def _task(self, name: str, function: str, call: ast.Call | None, at: Any) -> Task:
        options, places = self._options(call)
        given = options.get("name")
        sure = isinstance(given, str) or (self._module.sure and given is None)
        keywords = [] if call is None else call.keywords
        base = next((one.value for one in keywords if one.arg == "base"), None)
        return Task(
            name=given if isinstance(given, str) else f"{self._module.name}.{name}",
            sure=sure,
            module=self._module.name,
            function=function,
            spot=self._module.spot(at),
            options=options,
            places=places,
            bound=options.get("bind") is True,
            cls=self._dotted(base) if base else None,
            written=tuple(one.arg for one in keywords if one.arg),
        )

    def _options(self, call: ast.Call | None) -> tuple[dict[str, Any], dict[str, Spot]]:
        options: dict[str, Any] = {}
        places = {}
        for keyword in call.keywords if call else ():
            if keyword.arg is None:
                # Anything may be among them, a name as well.
                options.setdefault("name", UNTOLD)
                continue
            options[keyword.arg] = self._project.value(keyword.value, self._module)
            places[keyword.arg] = self._module.spot(keyword.value)
        return options, places

    def _of_class(self, node: ast.ClassDef, prefix: str, registered: set[str]) -> Iterator[Task]:
        dotted = f"{self._module.name}.{prefix}{node.name}"
        if prefix or not is_task_class(self._project, dotted):
            return
        own = self._project.index(self._module).classes.get(node.name)
        if own is None or "run" not in own.methods:
            return
        options: dict[str, Any] = {}
        places: dict[str, Spot] = {}
        for one in node.body:
            for name, value in assigned(one):
                options[name] = self._project.value(value, self._module)
                places[name] = self._module.spot(value or one)
        if options.get("abstract") is True:
            return
        given = options.get("name")
        if node.name not in registered and not isinstance(given, str):
            return
        yield Task(
            name=given if isinstance(given, str) else dotted,
            sure=isinstance(given, str) or (self._module.sure and given is None),
            module=self._module.name,
            function=f"{node.name}.run",
            spot=self._module.spot(node),
            options=options,
            places=places,
            bound=True,
            cls=dotted,
        )

    def _registered(self, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("register_task", "register")
                and node.args
            ):
                first = node.args[0].func if isinstance(node.args[0], ast.Call) else node.args[0]
                if isinstance(first, ast.Name):
                    yield first.id


def is_task_class(project: Project, dotted: str | None, depth: int = 0) -> bool:
    """Whether a class comes from Celery's `Task`, through the project's own too."""
    if dotted is None or depth > _DEEPEST:
        return False
    if dotted in _BASES:
        return True
    if dotted.endswith(".Task") and is_app(project, dotted[:-5], dotted[:-5]):
        return True
    one = class_of(project, dotted)
    return one is not None and any(is_task_class(project, base, depth + 1) for base in one.bases)


def class_of(project: Project, dotted: str | None) -> Class | None:
    """Return a class of the project by its full name."""
    found = project.find(dotted)
    if found is None or found.rest or not found.name:
        return None
    return project.index(found.module).classes.get(found.name)
