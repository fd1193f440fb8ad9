"""Calls of functions that a settings file defines, and the names that values are given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from qtopo.importers.static.objects import Function, Scope
from qtopo.importers.values import Env, Unknown, known, settled

if TYPE_CHECKING:
    from qtopo.importers.static.expressions import Evaluator


def applied(
    evaluator: Evaluator, function: Function, arguments: list[Any], keywords: dict[str, Any]
) -> tuple[Any, ...] | None:
    """Compute a call of a function that assigns, decides and returns, and no more.

    None where what it returns is not known.
    """
    given = function.node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    if given.vararg or given.kwarg or len(arguments) > len(names):
        return None
    inner = Scope(evaluator.file)
    defaults = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
    defaults |= {
        one.arg: default
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        if default is not None
    }
    for name, default in defaults.items():
        inner.names[name] = evaluator.value(default, [function.scope])
    inner.names.update(zip(names, arguments, strict=False))
    inner.names.update(keywords)
    if not {*names, *(one.arg for one in given.kwonlyargs)} <= inner.names.keys():
        return None
    scopes = [function.scope, inner]
    if isinstance(function.node, ast.Lambda):
        return (evaluator.value(function.node.body, scopes),)
    return _returned(evaluator, function.node.body, scopes, []) or None


def _returned(
    evaluator: Evaluator, body: list[ast.stmt], scopes: list[Scope], asked: list[Env]
) -> tuple[Any, ...] | None:
    """Return what statements return, `()` where they go on, None where that is not known.

    `asked` are the variables of the environment that decided which way was taken.
    """
    for one in body:
        evaluator.budget.step()
        if isinstance(one, ast.Return):
            found = evaluator.value(one.value, scopes)
            plain = asked and not isinstance(found, Env | Unknown) and known(found)
            return (Env(asked[0].name, found) if plain else found,)
        if isinstance(one, ast.If):
            test = evaluator.value(one.test, scopes)
            truth = evaluator.truth(test)
            if truth is None:
                return None
            asked = [*asked, test] if isinstance(test, Env) else asked
            inner = _returned(evaluator, one.body if truth else one.orelse, scopes, asked)
            if inner != ():
                return inner
        elif isinstance(one, ast.AnnAssign) and one.value is None:
            continue
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            value = evaluator.value(one.value, scopes)
            if not all(unpack(target, value, scopes[-1], "") for target in targets):
                return None
        elif not isinstance(one, ast.Pass | ast.Global) and not _is_docstring(one):
            return None
    return ()


def iterated(value: Any) -> list[Any] | None:
    """Return the items of a value that can be walked over; None for any other."""
    if isinstance(value, Env):
        value = settled(value)
    if isinstance(value, list | tuple | dict):
        return list(value)
    return None


def unpack(target: ast.AST, value: Any, scope: Scope, where: str) -> bool:
    """Give the names of an assignment's left side their values; False where that cannot be done."""
    if isinstance(target, ast.Name):
        scope.set(target.id, value, where)
        return True
    if isinstance(target, ast.Tuple | ast.List):
        items = iterated(value)
        if items is None or len(items) != len(target.elts):
            return False
        return all(
            unpack(one, item, scope, where) for one, item in zip(target.elts, items, strict=True)
        )
    return False


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
