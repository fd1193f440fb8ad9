"""Which names of a function are its own: Python's scoping, as far as state needs it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Scope:
    """The names of one function.

    `outer` is the function around it; `called` says that it runs with the task
    (a function around the task itself ran long ago). `values` has what each
    local name is assigned, None for what is no plain value.
    """

    def __init__(self, node: Function, outer: Scope | None, *, called: bool = True) -> None:
        self.node = node
        self.outer = outer
        self.called = called
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.values: dict[str, list[ast.expr | None]] = {}
        self.functions: dict[str, Function] = {}
        self.imports: list[ast.Import | ast.ImportFrom] = []
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [one for one in (arguments.vararg, arguments.kwarg) if one]
        self.parameters = [one.arg for one in every]
        for name in self.parameters:
            self.values[name] = [None]
        self.defaults = dict(_defaults(arguments))
        for one in own_nodes(node.body):
            self._take(one)
        for name in self.globals | self.nonlocals:
            self.values.pop(name, None)

    def _take(self, node: ast.AST) -> None:
        if isinstance(node, ast.Global):
            self.globals.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            self.nonlocals.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports.append(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.functions[node.name] = node
            self.values.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.ClassDef):
            self.values.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)) or isinstance(
            node, ast.NamedExpr
        ):
            self._bind(node.target, node.value)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._bind(node.target, _item(node.iter))
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            self.values.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.values.setdefault(node.rest, []).append(None)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind(node.optional_vars, None)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            self.values.setdefault(node.id, [])

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.values.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, None)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = getattr(value, "elts", None)
            same = values is not None and len(values) == len(target.elts)
            for place, one in enumerate(target.elts):
                self._bind(one, values[place] if same and values else None)


def own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a function that run as part of it; of inner ones the head alone."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _NESTED):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _item(gone: ast.expr) -> ast.expr:
    """Return what stands for an item of what is gone through; a pair where there are two."""
    if isinstance(gone, ast.Call) and not gone.keywords and gone.args:
        word = gone.func.id if isinstance(gone.func, ast.Name) else ""
        if word in ("list", "tuple", "sorted", "reversed", "iter", "set") and len(gone.args) == 1:
            # A new one, of the same items.
            return _item(gone.args[0])
        if word == "enumerate":
            return ast.Tuple(elts=[ast.Constant(0), _item(gone.args[0])], ctx=ast.Load())
        if word == "zip":
            return ast.Tuple(elts=[_item(one) for one in gone.args], ctx=ast.Load())
    if (
        isinstance(gone, ast.Call)
        and isinstance(gone.func, ast.Attribute)
        and gone.func.attr == "items"
        and not gone.args
    ):
        return ast.Tuple(elts=[ast.Constant(0), _subscript(gone.func.value)], ctx=ast.Load())
    return _subscript(gone)


def _subscript(value: ast.expr) -> ast.expr:
    item = ast.Subscript(value=value, slice=ast.Constant(0), ctx=ast.Load())
    return ast.copy_location(item, value)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    every = [*arguments.posonlyargs, *arguments.args]
    for one, value in zip(reversed(every), reversed(arguments.defaults), strict=False):
        yield one.arg, value
    for one, other in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if other is not None:
            yield one.arg, other
