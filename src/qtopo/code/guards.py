"""What keeps tasks apart: locks, as far as they can be seen."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCK = re.compile(r"(?:^|_)(?:r|re)?(?:lock|mutex|locked|locking)(?:_|$|\d)|[Ll]ock(?:$|[A-Z_])")
_UNLOCK = re.compile(r"unlock|release|(?:^|_)(?:no|without)_lock|block|clock", re.IGNORECASE)
_DECORATOR = re.compile(r"(?:^|_)synchroni[sz]ed?|only_one|single_instance|(?:^|_)exclusive(?:_|$)")
_PROCESS = re.compile(r"^(?:threading|multiprocessing|gevent|eventlet|asyncio|billiard)\b")
"""Locks that are of use only where they outlive the call."""


def sounds_like_lock(name: str) -> bool:
    """Whether a word means a lock: `_lock`, `cache_lock`, `FileLock`."""
    return bool(_LOCK.search(name)) and not _UNLOCK.search(name)


def last_word(node: ast.expr) -> str:
    """Return the last name of an expression, of what is called where it is a call."""
    while isinstance(node, (ast.Call, ast.Await, ast.Subscript)):
        node = node.value if isinstance(node, (ast.Await, ast.Subscript)) else node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def guard_of(
    node: ast.expr,
    local_values: Callable[[str], list[ast.expr | None] | None],
    dotted: Callable[[ast.expr], str | None],
    shape: Callable[[ast.expr], str | None],
) -> str | None:
    """Return what a `with` holds, as it is written, where that is a lock for other calls too.

    `local_values` gives what a local name was assigned (None: it is not local),
    `shape` that of what an expression stands for.
    """
    if isinstance(node, ast.Name):
        values = local_values(node.id)
        if values is not None:
            found = [guard_of(one, local_values, dotted, shape) for one in values if one]
            return node.id if found and all(found) else None
    if isinstance(node, ast.Await):
        return guard_of(node.value, local_values, dotted, shape)
    if isinstance(node, ast.Call):
        name = dotted(node.func) or ""
        if _PROCESS.match(name):
            # Made anew for each call: it keeps nobody out.
            return None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "acquire":
            return guard_of(node.func.value, local_values, dotted, shape)
        return ast.unparse(node.func) if sounds_like_lock(last_word(node)) else None
    kind = shape(node)
    if kind == "lock":
        return ast.unparse(node)
    if kind in (None, "unknown", "instance", "element", "constant") and sounds_like_lock(
        last_word(node)
    ):
        return ast.unparse(node)
    return None


def decorated_guard(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """Return the decorator that lets one call in at a time, by its name."""
    for one in node.decorator_list:
        word = last_word(one)
        if sounds_like_lock(word) or _DECORATOR.search(word):
            return word
    return None


def acquired(node: ast.stmt) -> ast.expr | None:
    """Return what a statement acquires: `lock.acquire()`, or `if not lock.acquire(): return`."""
    value: ast.expr | None = None
    if isinstance(node, (ast.Expr, ast.Assign)):
        value = node.value
    elif isinstance(node, ast.If) and isinstance(node.test, ast.UnaryOp):
        leaves = node.body and isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Continue))
        value = node.test.operand if isinstance(node.test.op, ast.Not) and leaves else None
    if isinstance(value, ast.Await):
        value = value.value
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "acquire"
    ):
        return value.func.value
    return None


def released(node: ast.stmt) -> str | None:
    """Return what a statement gives free, as it is written."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "release"
    ):
        return ast.unparse(node.value.func.value)
    return None
