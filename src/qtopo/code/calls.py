"""Finds what a project sends: calls of tasks, by name too, signatures, canvases, retries."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.code.index import UNTOLD
from qtopo.code.tasks import is_app

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qtopo.code.project import Module, Project, Spot
    from qtopo.code.tasks import Task

SENDING = ("delay", "apply_async", "send_task")
SIGNING = ("s", "si", "subtask", "signature")
BULK = ("chunks", "map", "starmap")
SCHEDULED = "schedule entry"
"""What a table like `{"task": "shop.mail", "schedule": 30}` is: it sends the task."""
_CANVAS = {
    f"{home}.{kind}": kind
    for home in ("celery", "celery.canvas", "celery.task.sets")
    for kind in ("chain", "group", "chord")
}
_SIGNATURES = ("celery.signature", "celery.subtask", "celery.canvas.signature")
_OPTIONS = ("queue", "exchange", "routing_key", "priority", "countdown", "eta", "expires")
_DEEPEST = 20
_LONGEST = 40


class Call(NamedTuple):
    """One place that sends a task, or makes what will send it.

    `method` is one of SENDING, SIGNING, BULK, `retry` or SCHEDULED. `task` is the task's name
    (None: not known), `spelled` where it is written as a text. `options` are the
    literal ones of the call with `places` for each. `inside` is the function it
    stands in, dotted.
    """

    method: str
    task: str | None
    spelled: Spot | None
    options: Mapping[str, Any]
    places: Mapping[str, Spot]
    spot: Spot
    inside: str


class Canvas(NamedTuple):
    """A chain, group or chord as it is written; `complete` says that all steps are known."""

    kind: str
    steps: Sequence[Step]
    body: Step | None
    spot: Spot
    complete: bool


Step = Call | Canvas


def tasks_of(step: Step) -> Iterator[Call]:
    """Yield the calls of a step, in order."""
    if isinstance(step, Call):
        yield step
        return
    for one in step.steps:
        yield from tasks_of(one)
    if step.body is not None:
        yield from tasks_of(step.body)


def has_chord(step: Step | None) -> bool:
    """Whether there is a chord in it: a group with something after it in a chain is one too."""
    if not isinstance(step, Canvas):
        return False
    if step.kind == "chord":
        return True
    if step.kind == "chain" and any(
        isinstance(one, Canvas) and one.kind == "group" for one in step.steps[:-1]
    ):
        return True
    return any(has_chord(one) for one in (*step.steps, step.body))


class CallFinder:
    """Finds the calls and canvases of one module.

    `by_place` has the project's tasks by module and function.
    """

    def __init__(
        self, project: Project, module: Module, by_place: Mapping[tuple[str, str], Task]
    ) -> None:
        self._project = project
        self._module = module
        self._by_place = by_place
        self._inside = ""
        self._done: set[int] = set()
        self.calls: list[Call] = []
        self.canvases: list[Canvas] = []

    def run(self, tree: ast.Module) -> None:
        """Look at the whole module."""
        waiting: list[tuple[str, ast.AST]] = [("", one) for one in reversed(tree.body)]
        while waiting:
            inside, node = waiting.pop()
            self._inside = inside
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inside = f"{inside}.{node.name}".lstrip(".")
            elif isinstance(node, ast.expr):
                step = None if id(node) in self._done else self._step(node)
                if isinstance(step, Canvas):
                    self.canvases.append(step)
                    self.calls.extend(tasks_of(step))
                    # What is inside has been read; calls among the arguments of steps are rare.
                    continue
                if step is not None:
                    self.calls.append(step)
                elif isinstance(node, (ast.Call, ast.Dict)):
                    sent = self._sent(node) if isinstance(node, ast.Call) else self._entry(node)
                    if sent is not None:
                        self.calls.append(sent)
            waiting.extend((inside, one) for one in reversed(list(ast.iter_child_nodes(node))))

    def _sent(self, node: ast.Call) -> Call | None:
        """Return the call of `delay`, `apply_async`, `send_task`, `retry` or in bulk."""
        func = node.func
        if not isinstance(func, ast.Attribute):
            return None
        if func.attr == "send_task":
            return self._by_name(node, "send_task")
        if func.attr in ("delay", "apply_async"):
            bulk = func.value
            if (
                isinstance(bulk, ast.Call)
                and isinstance(bulk.func, ast.Attribute)
                and bulk.func.attr in BULK
            ):
                # What the call says holds for all that is sent.
                self._done.add(id(bulk))
                return self._of_task(node, bulk.func, bulk.func.attr)
            if self._step(func.value) is not None:
                # The signature itself is met further down.
                return None
            return self._of_task(node, func, func.attr)
        if func.attr in BULK:
            if id(node) in self._done:
                return None
            return self._of_task(node, func, func.attr)
        if func.attr == "retry" and isinstance(func.value, ast.Name) and func.value.id == "self":
            return self._call("retry", self._own(), None, node)
        if func.attr == "retry":
            return self._of_task(node, func, "retry")
        return None

    def _entry(self, node: ast.Dict) -> Call | None:
        """Return what an entry of a schedule, as beat takes it, will send."""
        items = {
            one.value: value
            for one, value in zip(node.keys, node.values, strict=True)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
        if "task" not in items or "schedule" not in items:
            return None
        name = self._project.value(items["task"], self._module)
        if not isinstance(name, str):
            return None
        more = items.get("options")
        given = ast.Call(func=node, args=[], keywords=[])
        if isinstance(more, ast.Dict):
            given.keywords = [
                ast.keyword(arg=one.value, value=value)
                for one, value in zip(more.keys, more.values, strict=True)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
        elif more is not None:
            # Any queue may be among them.
            given.keywords = [ast.keyword(arg="queue", value=more)]
        call = self._call(SCHEDULED, name, self._module.spot(items["task"]), given, at=node)
        if more is not None and not isinstance(more, ast.Dict):
            return call._replace(options={"queue": UNTOLD})
        return call

    def _own(self) -> str | None:
        """Return the task that the code now looked at stands in."""
        inside = self._inside
        while inside:
            task = self._by_place.get((self._module.name, inside))
            if task is not None:
                return task.name
            inside = inside.rpartition(".")[0]
        return None

    def _of_task(self, node: ast.Call, func: ast.Attribute, method: str) -> Call | None:
        task = self._task(func.value)
        if task is None and not (method == "apply_async" and node.keywords):
            return None
        return self._call(method, task, None, node)

    def _task(self, node: ast.expr) -> str | None:
        """Return the name of the task that an expression stands for."""
        if isinstance(node, ast.Subscript):
            holder = node.value
            if isinstance(holder, ast.Attribute) and holder.attr == "tasks":
                name = self._project.value(node.slice, self._module)
                return name if isinstance(name, str) else None
            return None
        found = self._project.find(self._project.full_name(node, self._module))
        if found is None or not found.name:
            return None
        task = self._by_place.get((found.module.name, ".".join((found.name, *found.rest))))
        if task is None:
            task = self._by_place.get((found.module.name, f"{found.name}.run"))
        return None if task is None else task.name

    def _by_name(self, node: ast.Call, method: str) -> Call | None:
        """Return the call of a task by its name, where the name is told."""
        first = node.args[0] if node.args else None
        if first is None:
            first = next((one.value for one in node.keywords if one.arg in ("name", "task")), None)
        name = self._project.value(first, self._module)
        if not isinstance(name, str) or first is None:
            return self._call(method, None, None, node)
        return self._call(method, name, self._module.spot(first), node)

    def _call(
        self,
        method: str,
        task: str | None,
        spelled: Spot | None,
        node: ast.Call,
        at: ast.expr | None = None,
    ) -> Call:
        options: dict[str, Any] = {}
        places: dict[str, Spot] = {}
        for keyword in node.keywords:
            if keyword.arg in _OPTIONS and method not in ("delay", "s", "si"):
                options[keyword.arg] = self._project.value(keyword.value, self._module)
                places[keyword.arg] = self._module.spot(keyword.value)
        spot = self._module.spot(at or node)
        return Call(method, task, spelled, options, places, spot, self._inside)

    def _step(self, node: ast.expr, depth: int = 0) -> Step | None:
        """Return what an expression is as part of a canvas, or None."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._piped(node, depth)
        if not isinstance(node, ast.Call):
            return None
        kind = _CANVAS.get(self._project.full_name(node.func, self._module) or "")
        if kind is not None:
            return self._canvas(kind, node, depth)
        func = node.func
        if isinstance(func, ast.Call):
            # chord(header)(body)
            inner = self._step(func, depth + 1)
            if isinstance(inner, Canvas) and inner.kind == "chord" and inner.body is None:
                body = self._step(node.args[0], depth + 1) if node.args else None
                return inner._replace(body=body, complete=inner.complete and body is not None)
            return inner if isinstance(inner, Canvas) else None
        if self._project.full_name(func, self._module) in _SIGNATURES:
            return self._by_name(node, "signature")
        if isinstance(func, ast.Attribute):
            return self._method(node, func, depth)
        return None

    def _method(self, node: ast.Call, func: ast.Attribute, depth: int) -> Step | None:
        if func.attr in SIGNING:
            task = self._task(func.value)
            if task is not None:
                return self._call(func.attr, task, None, node)
            if func.attr == "signature" and is_app(
                self._project,
                self._project.full_name(func.value, self._module),
                getattr(func.value, "attr", getattr(func.value, "id", "")),
            ):
                return self._by_name(node, "signature")
            return None
        if func.attr in ("set", "clone", "on_error"):
            # The same signature, met here with all that is said of it.
            self._done.add(id(func.value))
            step = self._step(func.value, depth + 1)
            if isinstance(step, Call) and func.attr == "set":
                more = self._call("signature", None, None, node)
                return step._replace(
                    options={**step.options, **more.options}, places={**step.places, **more.places}
                )
            return step
        return None

    def _piped(self, node: ast.BinOp, depth: int) -> Canvas | None:
        sides: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.BitOr):
            sides.append(left.right)
            left = left.left
            if len(sides) > _LONGEST:
                return None
        sides.append(left)
        steps = [self._step(one, depth + 1) for one in reversed(sides)]
        known = [one for one in steps if one is not None]
        if not known:
            return None
        return Canvas("chain", known, None, self._module.spot(node), len(known) == len(steps))

    def _canvas(self, kind: str, node: ast.Call, depth: int) -> Canvas:
        given = list(node.args)
        body = None
        whole = not any(isinstance(one, ast.Starred) for one in given)
        if kind == "chord":
            body = next((one.value for one in node.keywords if one.arg == "body"), None)
            if len(given) > 1:
                body = given[1]
            header = next((one.value for one in node.keywords if one.arg == "header"), None)
            given = given[:1] or ([header] if header else [])
        steps: list[Step] = []
        for one in given:
            if isinstance(one, (ast.List, ast.Tuple)):
                parts = one.elts
            elif isinstance(one, (ast.GeneratorExp, ast.ListComp)):
                parts, whole = [one.elt], False
            else:
                parts = [one]
            for part in parts:
                step = self._step(part, depth + 1)
                whole = whole and step is not None
                if step is not None:
                    steps.append(step)
        only = steps[0] if kind == "chord" and len(steps) == 1 else None
        if isinstance(only, Canvas) and only.kind == "group":
            steps = list(only.steps)
        return Canvas(
            kind,
            steps,
            None if body is None else self._step(body, depth + 1),
            self._module.spot(node),
            whole,
        )
