"""Finds state that tasks share: what they, and what they call, change and leave behind.

Nothing is guessed about values: a change is reported where the text shows that
what is changed was there before the call and is there after it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from qtopo.code import refs
from qtopo.code.effects import Edge, Effect, Effects
from qtopo.code.filling import cached
from qtopo.code.refs import OWN, Ref, Resolver
from qtopo.code.scopes import Scope
from qtopo.code.tasks import TaskFinder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.code.project import Module, Project
    from qtopo.code.refs import Handed
    from qtopo.code.scopes import Function
    from qtopo.code.tasks import Task

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_HOOKS = (
    "__call__",
    "run",
    "before_start",
    "on_success",
    "on_failure",
    "on_retry",
    "after_return",
)
_FAR = 3
"""Over how many imports calls are followed; within a module they are followed to the end."""
_MOST = 400
"""How many functions are looked at for one task."""


class Shared(NamedTuple):
    """One change of shared state, and the tasks that make it; `effect.guard` is their lock."""

    effect: Effect
    tasks: tuple[str, ...]


class _Body(NamedTuple):
    """What is known of one function: its changes, and whom it calls."""

    effects: list[Effect]
    edges: list[Edge]
    module: Module


class StateFinder:
    """Finds the shared state of a project's tasks."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._bodies: dict[tuple[str, str, Ref | None, Handed, bool], _Body | None] = {}
        self._tasks: set[tuple[str, str]] = set()
        self._scopes: dict[tuple[tuple[int, bool], ...], Scope] = {}
        self._made: dict[int, tuple[Function, set[int]]] = {}
        self._nodes: dict[str, dict[str, tuple[Function, list[Function], str]]] = {}

    def run(self, tasks: Iterable[Task]) -> list[Shared]:
        """Return every change, by place; one that several tasks make is one."""
        found: dict[tuple[object, ...], tuple[Effect, dict[str, None]]] = {}
        tasks = list(tasks)
        self._tasks = {(task.module, task.function) for task in tasks}
        for task in tasks:
            if task.foreign:
                continue
            try:
                effects = list(self._of_task(task))
            except RecursionError:
                self._project.give_up(self._project.modules[task.module], "is nested too deep")
                continue
            for effect in effects:
                key = (effect.spot, effect.kind)
                before = found.get(key)
                if before is None:
                    found[key] = (effect, {task.name: None})
                    continue
                before[1][task.name] = None
                if before[0].guard and not effect.guard:
                    # One way round the lock is enough.
                    found[key] = (effect, before[1])
        shared = [Shared(effect, tuple(names)) for effect, names in found.values()]
        return sorted(shared, key=lambda one: (one.effect.spot, one.effect.kind))

    def _of_task(self, task: Task) -> Iterator[Effect]:
        """Yield the changes that a task makes."""
        seen: set[tuple[object, ...]] = set()
        waiting: list[tuple[Module, str, Ref | None, Handed, bool, str | None, int]] = []
        start = self._project.modules[task.module]
        own = Ref(refs.TASK, "self", "task", task.cls or "")
        waiting.append((start, task.function, own if task.bound else None, (), False, None, 0))
        if task.cls:
            for hook in _HOOKS:
                waiting.extend(
                    (*target, own, (), False, None, 0)
                    for target in self._method(f"{task.cls}.{hook}")
                )
        while waiting and len(seen) < _MOST:
            module, function, receiver, handed, made, guard, far = waiting.pop()
            mark = (module.name, function, receiver, handed, made, guard is None)
            if mark in seen:
                continue
            seen.add(mark)
            body = self._body(module, function, receiver, handed, made)
            if body is None:
                continue
            for effect in body.effects:
                yield effect._replace(guard=effect.guard or guard)
            for edge in body.edges:
                for other, name in self._targets(module, function, edge):
                    if edge.passed and (other.name, name) in self._tasks:
                        # It is sent, not called.
                        continue
                    further = far + (other.name != module.name)
                    if further <= _FAR:
                        held = edge.guard or guard
                        to = edge.receiver or self._object(edge, other, name)
                        waiting.append((other, name, to, edge.handed, edge.made, held, further))

    def _targets(self, module: Module, function: str, edge: Edge) -> Iterator[tuple[Module, str]]:
        """Yield the functions that a call means: none, one, or what makes an object."""
        if edge.target.startswith("<local>"):
            name = edge.target.removeprefix("<local>")
            nodes = self._functions(module)
            around = function
            while around:
                if f"{around}.{name}" in nodes:
                    yield module, f"{around}.{name}"
                    return
                around = around.rpartition(".")[0]
            return
        found = self._project.find(edge.target)
        if found is None or not found.name:
            return
        dotted = ".".join((found.name, *found.rest))
        nodes = self._functions(found.module)
        if dotted in nodes:
            yield found.module, dotted
        elif not found.rest:
            for name in ("__new__", "__init__"):
                yield from self._method(f"{edge.target}.{name}")
        else:
            yield from self._method(edge.target)

    def _object(self, edge: Edge, module: Module, function: str) -> Ref | None:
        """Return what `self` is in a method that an object of the call's own inherits."""
        dotted, _, method = edge.target.rpartition(".")
        if edge.made or f"{module.name}.{function}" == edge.target or not function.endswith(method):
            return None
        found = self._project.find(dotted)
        if found is None or found.rest or not found.name:
            return None
        if found.name not in self._project.index(found.module).classes:
            return None
        return Ref(refs.CLASS, "self", OWN, f"{found.module.name}.{found.name}")

    def _method(self, dotted: str) -> Iterator[tuple[Module, str]]:
        """Yield the method that a class has, by itself or from its bases in the project."""
        cls, _, name = dotted.rpartition(".")
        names, seen = [cls], 0
        while names and seen < 20:
            seen += 1
            found = self._project.find(names.pop(0))
            if found is None or found.rest or not found.name:
                continue
            one = self._project.index(found.module).classes.get(found.name)
            if one is None:
                continue
            if name in one.methods:
                yield found.module, f"{found.name}.{name}"
                return
            names.extend(one.bases)

    def _functions(self, module: Module) -> dict[str, tuple[Function, list[Function], str]]:
        """Return the functions of a module by dotted name: node, those around it, its class."""
        if module.name not in self._nodes:
            tree = self._project.tree(module)
            found = {} if tree is None else dict(_functions(tree))
            self._nodes[module.name] = found
        return self._nodes[module.name]

    def _body(
        self, module: Module, function: str, receiver: Ref | None, handed: Handed, made: bool
    ) -> _Body | None:
        key = (module.name, function, receiver, handed, made)
        if key not in self._bodies:
            known = self._functions(module).get(function)
            body = None if known is None else self._look(module, *known, receiver, handed, made)
            self._bodies[key] = body
        return self._bodies[key]

    def _look(
        self,
        module: Module,
        node: Function,
        around: list[Function],
        cls: str,
        receiver: Ref | None,
        handed: Handed,
        made: bool,
    ) -> _Body:
        outer: Scope | None = None
        key: tuple[tuple[int, bool], ...] = ()
        for one in around:
            # What stands around a task ran when it was made.
            called = not made and not self._makes(one, node, module)
            key = (*key, (id(one), called))
            if key not in self._scopes:
                self._scopes[key] = Scope(one, outer, called=called)
            outer = self._scopes[key]
        scope = Scope(node, outer)
        arguments = [*node.args.posonlyargs, *node.args.args]
        first = arguments[0].arg if arguments else ""
        words = {one.id for one in node.decorator_list if isinstance(one, ast.Name)}
        if cls and "staticmethod" in words:
            first, receiver = "", None
        elif cls and ("classmethod" in words or node.name in ("__init_subclass__", "__new__")):
            receiver = Ref(refs.CLASS, first, "class", f"{module.name}.{cls}")
        elif cls and receiver is None:
            receiver = Ref(refs.CLASS, first, OWN, f"{module.name}.{cls}")
        walk = Effects(Resolver(self._project, module, scope, first, receiver, handed), node)
        effects, edges = walk.found, walk.edges
        decorator = cached(node)
        if decorator is not None:
            effects = [Effect(refs.CACHE, node.name, module.spot(decorator)), *effects]
        edges = [*edges, *self._wrappers(node, module)]
        met = {edge.target for edge in edges}
        edges = edges + [
            Edge(f"<local>{name}", None, None)
            for name in scope.functions
            if f"<local>{name}" not in met
        ]
        return _Body(effects, edges, module)

    def _wrappers(self, node: Function, module: Module) -> Iterator[Edge]:
        """Yield what the project's decorators put around a function: it runs with each call.

        `@memoize` leaves an inner function behind, `@memoize(size)` one inside that.
        """
        for one in node.decorator_list:
            call = isinstance(one, ast.Call)
            dotted = self._project.full_name(one.func if isinstance(one, ast.Call) else one, module)
            found = self._project.find(dotted)
            if found is None or not found.name or found.rest:
                continue
            depth = found.name.count(".") + (2 if call else 1)
            for name in self._functions(found.module):
                if name.startswith(f"{found.name}.") and name.count(".") == depth:
                    yield Edge(f"{found.module.name}.{name}", None, None, made=True)

    def _makes(self, outer: Function, inner: Function, module: Module) -> bool:
        """Whether a function makes a task of an inner one: it has ended when the task runs."""
        if id(outer) not in self._made:
            finder = TaskFinder(self._project, module)
            # Kept with the node, so that no other gets its id.
            self._made[id(outer)] = (
                outer,
                {
                    id(below)
                    for node in ast.walk(outer)
                    if isinstance(node, _FUNCTIONS) and node is not outer
                    if any(
                        finder.is_decorator(one.func if isinstance(one, ast.Call) else one)
                        for one in node.decorator_list
                    )
                    for below in ast.walk(node)
                    if isinstance(below, _FUNCTIONS)
                },
            )
        return id(inner) in self._made[id(outer)][1]


def _functions(tree: ast.Module) -> Iterator[tuple[str, tuple[Function, list[Function], str]]]:
    waiting: list[tuple[str, list[Function], str, ast.AST]] = [
        ("", [], "", one) for one in reversed(tree.body)
    ]
    while waiting:
        prefix, around, cls, node = waiting.pop()
        if isinstance(node, _FUNCTIONS):
            yield prefix + node.name, (node, around, cls)
            prefix, around, cls = f"{prefix}{node.name}.", [*around, node], ""
        elif isinstance(node, ast.ClassDef):
            cls = prefix + node.name
            prefix += f"{node.name}."
        waiting.extend(
            (prefix, around, cls, one)
            for one in reversed(list(ast.iter_child_nodes(node)))
            if isinstance(one, (ast.stmt, ast.excepthandler, ast.match_case))
        )
