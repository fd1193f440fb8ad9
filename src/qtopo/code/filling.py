"""What fills what was empty, the same way each time: tests for it, and caches of functions."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from qtopo.code.guards import last_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.scopes import Function

_LIMITED = re.compile(r"ttl|timeout|region")


def tested(test: ast.expr, *, present: bool) -> Iterator[str]:
    """Yield what a test asks to be there (`present`), or to be missing."""
    if isinstance(test, ast.BoolOp):
        for one in test.values:
            yield from tested(one, present=present)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from tested(test.operand, present=not present)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        operator, right = test.ops[0], test.comparators[0]
        if isinstance(operator, (ast.Is, ast.IsNot)) and (
            isinstance(right, ast.Constant) and right.value is None
        ):
            if present == isinstance(operator, ast.IsNot):
                yield ast.unparse(test.left)
        elif isinstance(operator, (ast.In, ast.NotIn)) and present == isinstance(operator, ast.In):
            yield ast.unparse(right)
    elif isinstance(test, (ast.Name, ast.Attribute)) and present:
        yield ast.unparse(test)
    elif isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and present:
        name = test.args[1] if test.func.id == "hasattr" and len(test.args) == 2 else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield f"{ast.unparse(test.args[0])}.{name.value}"


def missed(body: list[ast.stmt], handler: ast.ExceptHandler) -> Iterator[str]:
    """Yield what was found empty where `try: kept[key]` ended in `except KeyError:`."""
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    errors = {last_word(one) for one in named if one is not None}
    for statement in body:
        for one in ast.walk(statement):
            if isinstance(one, ast.Subscript) and errors & {"KeyError", "LookupError"}:
                yield ast.unparse(one.value)
            elif isinstance(one, (ast.Attribute, ast.Name)) and errors & {
                "AttributeError",
                "NameError",
            }:
                yield ast.unparse(one)


def cached(node: Function) -> ast.expr | None:
    """Return the decorator that keeps what a function returns, without an end or a limit."""
    for one in node.decorator_list:
        if last_word(one) in ("lru_cache", "cache") and not _LIMITED.search(ast.unparse(one)):
            return one
    return None
