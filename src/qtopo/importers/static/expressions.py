"""The value of an expression, as far as it can be known without running anything."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from qtopo.importers.static import calls
from qtopo.importers.static.budget import Budget, OutOfBudgetError
from qtopo.importers.static.functions import applied, iterated, unpack
from qtopo.importers.static.objects import (
    SIMPLE,
    Application,
    Conf,
    Function,
    Method,
    Reader,
    Ref,
    Scope,
)
from qtopo.importers.values import Env, IntervalSpec, Unknown, known, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)

_BUILTINS = {"True": True, "False": False, "None": None}

_NAMED = ("dict", "list", "tuple", "set", "str", "int", "float", "bool", "sorted", "len", "range")

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
}

_LARGEST_BASE, _LARGEST_POWER = 10**6, 64

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Is: lambda one, other: one is other,
    ast.IsNot: lambda one, other: one is not other,
}


class Evaluator:
    """Computes expressions of one file; `scopes` are looked through from the last to the first."""

    def __init__(self, text: str, file: str, budget: Budget) -> None:
        self.text = text
        self.file = file
        self.budget = budget
        self._depth = 0

    def where(self, node: ast.AST) -> str:
        """Return the file and line of a node."""
        return f"{self.file}:{getattr(node, 'lineno', 1)}"

    def unknown(self, node: ast.AST) -> Unknown:
        """Return what stands for an expression that cannot be known."""
        text = ast.get_source_segment(self.text, node) if len(self.text) < 200_000 else None
        text = text if text is not None else type(node).__name__
        return Unknown(" ".join(text.split())[:500], self.where(node))

    def value(self, node: ast.AST | None, scopes: list[Scope]) -> Any:
        """Return the value of an expression."""
        if node is None:
            return None
        self.budget.step()
        if self._depth >= Budget.DEPTH:
            return Unknown("...", self.where(node))
        self._depth += 1
        try:
            method = getattr(self, f"_{type(node).__name__.lower()}", None)
            found = self.unknown(node) if method is None else method(node, scopes)
        except OutOfBudgetError:
            raise
        except (*_FAILURES, RecursionError):
            # What would raise there has no value here.
            return self.unknown(node)
        finally:
            self._depth -= 1
        return found if self.budget.fits(found) else self.unknown(node)

    def truth(self, value: Any) -> bool | None:
        """Return whether a value counts as true; None where it is not known."""
        value = settled(value) if isinstance(value, Env) else value
        if isinstance(value, SIMPLE) or (isinstance(value, list | tuple | dict) and known(value)):
            return bool(value)
        if isinstance(value, list | tuple | dict) and value:
            return True
        return None

    def _constant(self, node: ast.Constant, scopes: list[Scope]) -> Any:  # noqa: ARG002
        if isinstance(node.value, SIMPLE):
            return node.value
        return self.unknown(node)

    def _name(self, node: ast.Name, scopes: list[Scope]) -> Any:
        for scope in reversed(scopes):
            if node.id in scope.names:
                return scope.names[node.id]
        if node.id in _BUILTINS:
            return _BUILTINS[node.id]
        if node.id in _NAMED:
            return Ref(f"builtins.{node.id}")
        if node.id == "__file__":
            return self.unknown(node)
        return self.unknown(node)

    def _attribute(self, node: ast.Attribute, scopes: list[Scope]) -> Any:
        owner = self.value(node.value, scopes)
        if isinstance(owner, Reader):
            return Reader(f"{owner.name}.{node.attr}", owner.scheme)
        if isinstance(owner, Ref):
            return Ref(f"{owner.name}.{node.attr}")
        if isinstance(owner, Scope):
            return owner.names.get(node.attr, self.unknown(node))
        if isinstance(owner, Application) and node.attr == "conf":
            return Conf(owner)
        if isinstance(owner, Conf) and node.attr in owner.application.conf.names:
            return owner.application.conf.names[node.attr]
        if isinstance(owner, Unknown):
            return self.unknown(node)
        return Method(owner, node.attr)

    def _list(self, node: ast.List, scopes: list[Scope]) -> Any:
        return list(self._items(node.elts, scopes))

    def _tuple(self, node: ast.Tuple, scopes: list[Scope]) -> Any:
        return tuple(self._items(node.elts, scopes))

    def _set(self, node: ast.Set, scopes: list[Scope]) -> Any:
        return list(self._items(node.elts, scopes))

    def _items(self, nodes: list[ast.expr], scopes: list[Scope]) -> Iterator[Any]:
        for one in nodes:
            if isinstance(one, ast.Starred):
                found = self.value(one.value, scopes)
                if isinstance(found, list | tuple | dict):
                    yield from found
                else:
                    yield self.unknown(one)
            else:
                yield self.value(one, scopes)

    def _dict(self, node: ast.Dict, scopes: list[Scope]) -> Any:
        found: dict[Any, Any] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            value = self.value(value_node, scopes)
            if key_node is None:
                if isinstance(value, dict):
                    found.update(value)
                else:
                    found[self.unknown(value_node)] = value
                continue
            key = self.value(key_node, scopes)
            # Two keys may come out alike only where the file says so.
            found[settled(key) if isinstance(key, Env) else key] = value
        return found

    def _joinedstr(self, node: ast.JoinedStr, scopes: list[Scope]) -> Any:
        parts = []
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                value = settled(self.value(one.value, scopes))
                plain = one.format_spec is None and one.conversion == -1
                if not plain or not isinstance(value, SIMPLE):
                    return self.unknown(node)
                parts.append(str(value))
            else:
                parts.append(str(self.value(one, scopes)))
        return "".join(parts)

    def _binop(self, node: ast.BinOp, scopes: list[Scope]) -> Any:
        do = _OPERATORS.get(type(node.op))
        if do is None:
            return self.unknown(node)
        left, right = self.value(node.left, scopes), self.value(node.right, scopes)
        if isinstance(left, IntervalSpec) and isinstance(right, int | float):
            return IntervalSpec(do(left.seconds, right))
        if isinstance(left, list | tuple) and isinstance(right, list | tuple):
            if isinstance(node.op, ast.Add):
                return do(left, right)
            return self.unknown(node)
        if isinstance(left, dict) and isinstance(right, dict) and isinstance(node.op, ast.BitOr):
            return {**left, **right}
        left, right = settled(left), settled(right)
        if not self._affordable(node.op, left, right):
            return self.unknown(node)
        return do(left, right)

    def _affordable(self, op: ast.operator, left: Any, right: Any) -> bool:
        if isinstance(op, ast.Mod) and isinstance(left, str):
            # Widths in a format can ask for any amount of memory.
            simple = isinstance(right, SIMPLE) or (
                isinstance(right, tuple) and all(isinstance(one, SIMPLE) for one in right)
            )
            specs = left.replace("%%", "").split("%")[1:]
            return simple and all(one[:1] in ("s", "d", "r") for one in specs)
        if isinstance(op, ast.Pow):
            whole = isinstance(left, int) and isinstance(right, int)
            return whole and abs(left) <= _LARGEST_BASE and 0 <= right <= _LARGEST_POWER
        if isinstance(op, ast.Mult) and (
            isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple)
        ):
            sized, count = (left, right) if isinstance(right, int) else (right, left)
            if not isinstance(count, int):
                return False
            return len(sized) * max(count, 0) <= self.budget.SIZE
        return isinstance(left, SIMPLE) and isinstance(right, SIMPLE)

    def _unaryop(self, node: ast.UnaryOp, scopes: list[Scope]) -> Any:
        value = self.value(node.operand, scopes)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            return self.unknown(node) if truth is None else not truth
        value = settled(value)
        if isinstance(node.op, ast.USub) and isinstance(value, int | float):
            return -value
        return self.unknown(node)

    def _boolop(self, node: ast.BoolOp, scopes: list[Scope]) -> Any:
        stops = isinstance(node.op, ast.Or)
        found: Any = None
        for index, one in enumerate(node.values):
            found = self.value(one, scopes)
            if stops and isinstance(found, Env) and not found.default:
                # `os.environ.get("X") or "..."`: the variable, with that default.
                rest = [self.value(other, scopes) for other in node.values[index + 1 :]]
                default = next((x for x in rest if self.truth(x) is not False), None)
                return Env(found.name, default)
            truth = self.truth(found)
            if truth is None:
                return self.unknown(node)
            if truth is stops:
                return found
        return found

    def _compare(self, node: ast.Compare, scopes: list[Scope]) -> Any:
        left = settled(self.value(node.left, scopes))
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = settled(self.value(other, scopes))
            if isinstance(right, Ref) and right.name in ("os.environ", "environ"):
                return self._is_set(node, left)
            if not (known(left) and known(right)) or isinstance(left, Ref | Method | Scope):
                return self.unknown(node)
            if not isinstance(right, (*SIMPLE, list, tuple, dict)):
                return self.unknown(node)
            if not _COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def _is_set(self, node: ast.Compare, name: Any) -> Any:
        """Return `"NAME" in os.environ`: no, as the default of the variable counts everywhere."""
        if len(node.ops) > 1 or not isinstance(name, str):
            return self.unknown(node)
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            return Env(name, isinstance(node.ops[0], ast.NotIn))
        return self.unknown(node)

    def _ifexp(self, node: ast.IfExp, scopes: list[Scope]) -> Any:
        truth = self.truth(self.value(node.test, scopes))
        if truth is None:
            return self.unknown(node)
        return self.value(node.body if truth else node.orelse, scopes)

    def _subscript(self, node: ast.Subscript, scopes: list[Scope]) -> Any:
        owner = self.value(node.value, scopes)
        key = settled(self.value(node.slice, scopes))
        if isinstance(owner, Ref):
            return calls.item(owner, key) or self.unknown(node)
        if isinstance(owner, Conf):
            return owner.application.conf.names.get(key, self.unknown(node))
        if isinstance(owner, dict | list | tuple | str) and isinstance(key, str | int):
            return owner[key]  # type: ignore[index]
        return self.unknown(node)

    def _lambda(self, node: ast.Lambda, scopes: list[Scope]) -> Any:
        return Function(node, scopes[0], "<lambda>", self.text)

    def _listcomp(self, node: ast.ListComp, scopes: list[Scope]) -> Any:
        found = self._comprehension(node.generators, scopes, lambda s: self.value(node.elt, s))
        return self.unknown(node) if found is None else found

    _setcomp = _listcomp
    _generatorexp = _listcomp

    def _dictcomp(self, node: ast.DictComp, scopes: list[Scope]) -> Any:
        def pair(inner: list[Scope]) -> Any:
            return self.value(node.key, inner), self.value(node.value, inner)

        found = self._comprehension(node.generators, scopes, pair)
        return self.unknown(node) if found is None else dict(found)

    def _comprehension(
        self,
        generators: list[ast.comprehension],
        scopes: list[Scope],
        make: Callable[[list[Scope]], Any],
    ) -> list[Any] | None:
        if not generators:
            return [make(scopes)]
        first, rest = generators[0], generators[1:]
        items = iterated(self.value(first.iter, scopes))
        if items is None:
            return None
        found: list[Any] = []
        for item in items:
            self.budget.step()
            inner = [*scopes, Scope(self.file)]
            if not unpack(first.target, item, inner[-1], self.where(first.target)):
                return None
            kept = [self.truth(self.value(test, inner)) for test in first.ifs]
            if None in kept:
                return None
            if all(kept):
                more = self._comprehension(rest, inner, make)
                if more is None:
                    return None
                found += more
                if not self.budget.fits(found):
                    return None
        return found

    def _call(self, node: ast.Call, scopes: list[Scope]) -> Any:
        function = self.value(node.func, scopes)
        arguments = list(self._items(node.args, scopes))
        keywords: dict[str, Any] = {}
        for one in node.keywords:
            value = self.value(one.value, scopes)
            if one.arg is not None:
                keywords[one.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                keywords.update(value)
            else:
                return self.unknown(node)
        if isinstance(function, Function):
            unknown = self.unknown(node)
            outer = self.text, self.file
            # What stands in the function has its place in the function's file.
            self.text, self.file = function.text, function.scope.file
            try:
                found = applied(self, function, arguments, keywords)
            finally:
                self.text, self.file = outer
            return unknown if found is None else found[0]
        found = calls.call(function, arguments, keywords, self.where(node), self)
        return self.unknown(node) if found is calls.NOT_KNOWN else found
