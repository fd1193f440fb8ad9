"""What kind of thing a module-level name holds, judged by the expression that made it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CONTAINER = "container"
LOCK = "lock"
LOCAL = "local"
"""What every thread or context has its own copy of, or what keeps order by itself."""
CONSTANT = "constant"
APP = "celery-app"
ITERATOR = "iterator"
INSTANCE = "instance"
ELEMENT = "element"
"""Something inside a container."""
UNKNOWN = "unknown"

MUTATORS = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "intersection_update",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "reverse",
        "rotate",
        "setdefault",
        "sort",
        "subtract",
        "symmetric_difference_update",
        "update",
        "__setitem__",
        "__delitem__",
        "move_to_end",
    ]
)
"""Methods of the standard containers that change them."""

_CONTAINERS = frozenset(
    [
        "dict",
        "list",
        "set",
        "bytearray",
        "defaultdict",
        "OrderedDict",
        "Counter",
        "deque",
        "ChainMap",
        "UserDict",
        "UserList",
        "WeakValueDictionary",
        "WeakKeyDictionary",
        "WeakSet",
        "SortedDict",
        "SortedList",
        "SortedSet",
        "TTLCache",
        "LRUCache",
        "LFUCache",
        "FIFOCache",
        "RRCache",
        "TLRUCache",
        "SimpleNamespace",
    ]
)
_TABLES = frozenset(
    ["DataFrame", "Series"]
    + [f"numpy.{one}" for one in ("array", "empty", "full", "ndarray", "ones", "zeros")]
)
"""Tables and arrays, which are changed as containers are; by full name where short ones mislead."""
_LOCKS = frozenset(
    [
        "Lock",
        "RLock",
        "BoundedSemaphore",
        "Semaphore",
        "Condition",
        "FileLock",
        "SoftFileLock",
        "Redlock",
    ]
)
_PER_CALLER = frozenset(
    [
        "ContextVar",
        "LocalStack",
        "LocalProxy",
        "Local",
        "local",
        "corolocal",
        "getLogger",
        "get_task_logger",
        "get_logger",
        "Queue",
        "SimpleQueue",
        "LifoQueue",
        "PriorityQueue",
        "Event",
        "Thread",
        "Timer",
    ]
)
_CONSTANTS = frozenset(
    [
        "frozenset",
        "tuple",
        "int",
        "float",
        "str",
        "bytes",
        "bool",
        "compile",
        "namedtuple",
        "TypeVar",
        "timedelta",
        "Path",
    ]
)
_ITERATORS = frozenset(["count", "cycle", "iter"])
_LITERALS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def shape_of(node: ast.expr | None, dotted: Callable[[ast.expr], str | None]) -> tuple[str, str]:
    """Return the shape of what an expression makes, and the dotted name that made it, or "".

    `dotted` gives the full name that an expression stands for.
    """
    if isinstance(node, _LITERALS):
        return CONTAINER, ""
    if node is None or isinstance(
        node, (ast.Constant, ast.Tuple, ast.JoinedStr, ast.Lambda, ast.Compare)
    ):
        return CONSTANT, ""
    if isinstance(node, ast.GeneratorExp):
        return ITERATOR, ""
    if isinstance(node, ast.BinOp):
        sides = {shape_of(side, dotted)[0] for side in (node.left, node.right)}
        return (CONTAINER if CONTAINER in sides else CONSTANT), ""
    if isinstance(node, ast.Call):
        return _of_call(node, dotted)
    return UNKNOWN, dotted(node) or ""


def _of_call(node: ast.Call, dotted: Callable[[ast.expr], str | None]) -> tuple[str, str]:
    name = dotted(node.func) or ""
    last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
    if last == "lock" or last in _LOCKS:
        return (UNKNOWN if _counts_past_one(node, last) else LOCK), name
    if last in _CONTAINERS or last in _TABLES or name in _TABLES:
        return CONTAINER, name
    if last in _PER_CALLER:
        return LOCAL, name
    if last in _CONSTANTS:
        return CONSTANT, name
    if last in _ITERATORS:
        return ITERATOR, name
    if last == "Celery" or last.lower().endswith(("make_celery", "create_celery", "celery_app")):
        return APP, name
    return INSTANCE, name


def _counts_past_one(node: ast.Call, name: str) -> bool:
    """Whether a semaphore lets several in: then it keeps nobody apart."""
    if "Semaphore" not in name:
        return False
    first = node.args[0] if node.args else node.keywords[0].value if node.keywords else None
    return first is not None and not (isinstance(first, ast.Constant) and first.value == 1)
