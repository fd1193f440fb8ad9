"""What a module defines and imports at its top level: small facts that outlive its tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.code.scopes import Scope, own_nodes
from qtopo.code.shapes import CONTAINER, UNKNOWN, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.project import Module


class Unknown:
    """A value that the text does not tell."""

    def __repr__(self) -> str:
        return "..."


UNTOLD = Unknown()


class Missing(NamedTuple):
    """An attribute that is read of a class of the project which does not have it."""

    owner: str
    name: str


LONGEST_NAME = 20
"""How many parts a dotted name has at most: more is no name, and looking it up takes long."""
_LONGEST = 1000
_NODES = 500


class Value(NamedTuple):
    """What a name holds: its shape, what made it, and its value where it is a literal."""

    shape: str
    made_by: str
    literal: Any


class Class(NamedTuple):
    """A class: the full names of its bases, its attributes, and its methods' names.

    `attributes` are those of the class, `own` those that methods set on `self`;
    `computed` says that it may have others: a metaclass, or code in its body.
    """

    bases: tuple[str, ...]
    attributes: dict[str, Value]
    own: dict[str, Value]
    methods: frozenset[str]
    decorators: tuple[str, ...]
    computed: bool = False


class Index:
    """The names of a module.

    `defined` has the kind of each: `function`, `class` or `value`; `imports` has
    the full name of what each imported name stands for, in functions too;
    `returns` the functions that give out one name of the module, whatever happens.
    """

    def __init__(self) -> None:
        self.defined: dict[str, str] = {}
        self.imports: dict[str, str] = {}
        self.values: dict[str, Value] = {}
        self.classes: dict[str, Class] = {}
        self.stars: list[str] = []
        self.returns: dict[str, str] = {}


def build(tree: ast.Module, module: Module) -> Index:
    """Return the index of a module."""
    index = Index()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for name, target in imported(node, module):
                if name == "*":
                    index.stars.append(target)
                else:
                    index.imports.setdefault(name, target)

    def dotted(node: ast.expr) -> str | None:
        return full_name(node, index, module)

    for node in top_level(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            index.defined[node.name] = "function"
            returned = _returned(node)
            if returned is not None:
                index.returns[node.name] = returned
        elif isinstance(node, ast.ClassDef):
            index.defined[node.name] = "class"
        else:
            for name, value in assigned(node):
                index.defined[name] = "value"
                _keep(index.values, name, _value(value, dotted))
    for node in top_level(tree.body):
        if isinstance(node, ast.ClassDef):
            index.classes[node.name] = _class(node, dotted)
    return index


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    given = [one.value for one in own_nodes(node.body) if isinstance(one, ast.Return)]
    names = {one.id if isinstance(one, ast.Name) else "" for one in given}
    name = names.pop() if len(names) == 1 else ""
    return name if name and name not in Scope(node, None).values else None


def imported(node: ast.Import | ast.ImportFrom, module: Module) -> Iterator[tuple[str, str]]:
    """Yield what an import binds: the name, and the full name it stands for."""
    if isinstance(node, ast.Import):
        for one in node.names:
            if one.asname:
                yield one.asname, one.name
            else:
                top = one.name.partition(".")[0]
                yield top, top
        return
    base = node.module or ""
    if node.level:
        parts = module.name.split(".")
        drop = node.level - 1 if module.package else node.level
        kept = parts[: len(parts) - drop] if drop else parts
        base = ".".join((*kept, base) if base else kept)
    for one in node.names:
        yield (one.asname or one.name), (f"{base}.{one.name}" if base else one.name)


def full_name(node: ast.expr, index: Index, module: Module) -> str | None:
    """Return the full name of a name or attribute; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
        if len(parts) > LONGEST_NAME:
            return None
    if not isinstance(node, ast.Name):
        return None
    parts.append(_rooted(node.id, index, module))
    return ".".join(reversed(parts))


def _rooted(name: str, index: Index, module: Module) -> str:
    if name in index.defined:
        return f"{module.name}.{name}"
    return index.imports.get(name, name)


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported, those in blocks too."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        blocks = [getattr(node, part, []) for part in ("body", "orelse", "finalbody")]
        blocks += [one.body for one in getattr(node, "handlers", [])]
        for block in reversed(blocks):
            waiting.extend(reversed(block))


def assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the plain names that a statement assigns, each with its value where that is plain."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, (ast.Tuple, ast.List)):
                values = getattr(node.value, "elts", [])
                same = len(values) == len(target.elts)
                for place, one in enumerate(target.elts):
                    if isinstance(one, ast.Name):
                        yield one.id, values[place] if same else ast.Name(id="?", ctx=ast.Load())
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        if node.value is not None:
            yield node.target.id, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor)) and isinstance(node.target, ast.Name):
        yield node.target.id, ast.Name(id="?", ctx=ast.Load())
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                yield item.optional_vars.id, ast.Name(id="?", ctx=ast.Load())


def _keep(values: dict[str, Value], name: str, value: Value) -> None:
    """Keep what says most of a name that is assigned twice; its value is then not told."""
    before = values.get(name)
    if before is None:
        values[name] = value
        return
    shape = before if before.shape not in (UNKNOWN, "constant") else value
    if CONTAINER in (before.shape, value.shape):
        shape = before if before.shape == CONTAINER else value
    values[name] = shape._replace(literal=UNTOLD)


def _value(node: ast.expr | None, dotted: Any) -> Value:
    shape, made_by = shape_of(node, dotted)
    return Value(shape, made_by, literal(node))


def literal(node: ast.expr | None) -> Any:
    """Return the value of a literal of moderate size, else UNTOLD."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, str) and len(value) > _LONGEST:
            return UNTOLD
        return value
    if node is None or not isinstance(
        node, (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp)
    ):
        return UNTOLD
    # literal_eval computes nothing but signs and complex numbers.
    for count, _ in enumerate(ast.walk(node)):
        if count > _NODES:
            return UNTOLD
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return UNTOLD


def _class(node: ast.ClassDef, dotted: Any) -> Class:
    attributes: dict[str, Value] = {}
    own: dict[str, Value] = {}
    methods = set()
    for one in node.body:
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            methods.add(one.name)
            _on_self(one, own, dotted)
        else:
            for name, value in assigned(one):
                made = _factory(value)
                if made is None:
                    _keep(attributes, name, _value(value, dotted))
                else:
                    # A field of a data class: each object gets its own.
                    _keep(own, name, _value(made, dotted))
    bases = tuple(name for base in node.bases if (name := dotted(base)))
    decorators = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    named = tuple(name for one in decorators if (name := dotted(one)))
    simple = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.AnnAssign, ast.Pass, ast.Expr)
    computed = (
        bool(node.keywords)
        or len(bases) != len(node.bases)
        or not all(isinstance(one, simple) for one in node.body)
    )
    return Class(bases, attributes, own, frozenset(methods), named, computed)


def _factory(node: ast.expr | None) -> ast.expr | None:
    """Return the call that makes a field's value: `field(default_factory=list)`."""
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if keyword.arg in ("default_factory", "factory"):
            call = ast.Call(func=keyword.value, args=[], keywords=[])
            return ast.copy_location(call, keyword.value)
    return None


def _on_self(method: ast.FunctionDef | ast.AsyncFunctionDef, own: dict[str, Value], d: Any) -> None:
    first = method.args.args[0].arg if method.args.args else ""
    for node in ast.walk(method):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == first
                ):
                    _keep(own, target.attr, _value(node.value, d))
