"""What one function does to things that outlive its call, and which functions it calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from qtopo.code import refs
from qtopo.code.filling import missed, tested
from qtopo.code.guards import acquired, decorated_guard, guard_of, last_word, released
from qtopo.code.refs import OWN, Ref
from qtopo.code.shapes import CONTAINER, ELEMENT, INSTANCE, ITERATOR, LOCK, MUTATORS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.project import Spot
    from qtopo.code.refs import Handed, Resolver
    from qtopo.code.scopes import Function

_PROCESS_CALLS = {
    "os.chdir",
    "os.fchdir",
    "os.umask",
    "os.putenv",
    "os.unsetenv",
    "locale.setlocale",
    "random.seed",
    "socket.setdefaulttimeout",
    "time.tzset",
    "sys.setrecursionlimit",
    "logging.basicConfig",
    "logging.disable",
    "logging.config.dictConfig",
    "warnings.simplefilter",
    "warnings.filterwarnings",
    "numpy.random.seed",
}
_CHANGING_ARGUMENT = {
    "heapq.heappush",
    "heapq.heappop",
    "heapq.heapify",
    "heapq.heappushpop",
    "heapq.heapreplace",
    "bisect.insort",
    "bisect.insort_left",
    "bisect.insort_right",
    "random.shuffle",
}
_CALLING = frozenset(
    ("map", "filter", "sorted", "partial", "reduce", "submit", "on_commit", "Thread", "to_thread")
)
"""What calls the functions that it is given."""
_LOGGING = ("setLevel", "addHandler", "removeHandler", "addFilter", "removeFilter")
_LOGGERS = ("logging.getLogger", "celery.utils.log.get_task_logger", "celery.utils.log.get_logger")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Effect(NamedTuple):
    """One change: its kind (`refs.KINDS`), what is changed, where, under which lock.

    `lazy` says that it fills what was empty: the same each time.
    """

    kind: str
    what: str
    spot: Spot
    guard: str | None = None
    lazy: bool = False


class Edge(NamedTuple):
    """A call of another function: a full name, what its first parameter stands for, the lock.

    `handed` are the arguments that outlive the call, by position or name. `passed` says
    that the function is an argument, which the one that gets it will call; `made` that
    what is around it has ended: it is what a decorator left behind.
    """

    target: str
    receiver: Ref | None
    guard: str | None
    handed: Handed = ()
    passed: bool = False
    made: bool = False


class Effects:
    """Walks through one function; `found` and `edges` are what it gathers."""

    def __init__(self, resolver: Resolver, node: Function) -> None:
        self._at = resolver
        self._module = resolver.module
        self.found: list[Effect] = []
        self.edges: list[Edge] = []
        self._guards: list[str] = []
        self._lazy: list[str] = []
        guard = decorated_guard(node)
        if guard:
            self._guards.append(guard)
        self._block(node.body)

    # Statements

    def _block(self, body: list[ast.stmt]) -> None:
        held: list[str] = []
        for node in body:
            given_free = released(node)
            if given_free in held:
                held.remove(given_free or "")
                self._guards.remove(given_free or "")
            self._statement(node)
            self._after_test(node)
            for last in getattr(node, "finalbody", []):
                given_free = released(last)
                if given_free in held:
                    held.remove(given_free or "")
                    self._guards.remove(given_free or "")
            lock = acquired(node)
            name = None if lock is None else self._guard(lock)
            if name is not None:
                held.append(name)
                self._guards.append(name)
        for name in held:
            self._guards.remove(name)

    def _after_test(self, node: ast.stmt) -> None:
        """Note `if x is not None: return x`: what follows fills what was empty."""
        if isinstance(node, ast.If) and node.body and isinstance(node.body[-1], ast.Return):
            self._lazy.extend(tested(node.test, present=True))

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ClassDef):
            return
        if isinstance(node, _FUNCTIONS):
            # Met where it is called; one that is handed on runs at some time too.
            return
        if isinstance(node, (ast.With, ast.AsyncWith)):
            self._with(node)
        elif isinstance(node, ast.If):
            self._expression(node.test)
            lazy = list(tested(node.test, present=False))
            self._lazy.extend(lazy)
            self._block(node.body)
            del self._lazy[len(self._lazy) - len(lazy) :]
            self._block(node.orelse)
        else:
            self._targets(node)
            for one in ast.iter_child_nodes(node):
                if isinstance(one, ast.expr):
                    self._expression(one)
                elif isinstance(one, ast.ExceptHandler):
                    lazy = list(missed(getattr(node, "body", []), one))
                    self._lazy.extend(lazy)
                    self._block(one.body)
                    del self._lazy[len(self._lazy) - len(lazy) :]
                elif isinstance(one, ast.match_case):
                    self._block(one.body)
            for part in ("body", "orelse", "finalbody"):
                block = getattr(node, part, None)
                if isinstance(block, list):
                    self._block(block)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        guards = []
        for item in node.items:
            self._expression(item.context_expr)
            made_by = self._made_by(item.context_expr)
            if made_by:
                held = self._guards[-1] if self._guards else None
                for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
                    self.edges.append(Edge(f"{made_by}.{name}", None, held))
            guard = self._guard(item.context_expr)
            if guard is not None:
                guards.append(guard)
            if item.optional_vars is not None:
                self._store(item.optional_vars)
        self._guards.extend(guards)
        self._block(node.body)
        del self._guards[len(self._guards) - len(guards) :]

    def _guard(self, node: ast.expr) -> str | None:
        def values(name: str) -> list[ast.expr | None] | None:
            owner = self._at.local(name)
            return None if owner is None or not owner.called else owner.values.get(name, [])

        def shape(one: ast.expr) -> str | None:
            ref = self._at.refer(one)
            return None if ref is None else ref.shape

        return guard_of(node, values, self._at.dotted, shape)

    def _targets(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._store(target)
        elif isinstance(node, ast.AugAssign):
            self._store(node.target, augmented=True)
        elif (isinstance(node, ast.AnnAssign) and node.value is not None) or isinstance(
            node, (ast.For, ast.AsyncFor)
        ):
            self._store(node.target)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self._store(target)

    # Changes

    def _store(self, target: ast.expr, *, augmented: bool = False) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for one in target.elts:
                self._store(one)
        elif isinstance(target, ast.Starred):
            self._store(target.value)
        elif isinstance(target, ast.Name):
            self._store_name(target, augmented=augmented)
        elif isinstance(target, ast.Attribute):
            self._store_attribute(self._at.refer(target.value), target.attr, target)
        elif isinstance(target, ast.Subscript):
            ref = self._at.refer(target.value)
            if ref is not None and _takes_items(ref):
                self._add(ref.kind, ref.what, target)

    def _store_name(self, target: ast.Name, *, augmented: bool) -> None:
        scope = self._at.scope
        if target.id in scope.globals:
            self._add(refs.GLOBAL, target.id, target)
        elif target.id in scope.nonlocals:
            owner = self._at.local(target.id)
            if owner is not None and not owner.called:
                self._add(refs.CLOSURE, target.id, target)
        elif augmented and target.id in scope.values:
            # `x += [...]` changes the list that x is a name for.
            ref = self._at.refer(target)
            if ref is not None and ref.shape == CONTAINER:
                self._add(ref.kind, ref.what, target)

    def _store_attribute(self, ref: Ref | None, name: str, node: ast.AST) -> None:
        if ref is None or ref.shape in (OWN, LOCK):
            return
        if ref.shape == "task" and name in ("request", "request_stack"):
            return
        if ref.kind == refs.MUTATION and ref.shape == "constant":
            return
        self._add(ref.kind, f"{ref.what}.{name}", node)

    def _add(self, kind: str, what: str, node: ast.AST) -> None:
        guard = self._guards[-1] if self._guards else None
        root = what.partition("[")[0]
        names = {what, root}
        if self._lazy and isinstance(node, (ast.Attribute, ast.Subscript)):
            # As it is written there: a method says `self.x` of what others call by its name.
            names.add(ast.unparse(node).partition("[")[0])
        lazy = not names.isdisjoint(self._lazy)
        self.found.append(Effect(kind, what, self._module.spot(node), guard, lazy))

    # Expressions

    def _expression(self, node: ast.expr) -> None:
        waiting: list[ast.AST] = [node]
        while waiting:
            one = waiting.pop()
            if isinstance(one, ast.Lambda):
                continue
            if isinstance(one, ast.Call):
                self._call(one)
            elif isinstance(one, ast.Attribute):
                self._member(one)
            elif isinstance(one, ast.NamedExpr):
                self._store(one.target)
            waiting.extend(ast.iter_child_nodes(one))

    def _call(self, node: ast.Call) -> None:
        func = node.func
        dotted = self._at.dotted(func)
        if dotted in _PROCESS_CALLS:
            self._add(refs.ENVIRONMENT, f"{dotted}()", node)
            return
        if isinstance(func, ast.Name) and self._at.local(func.id) is None:
            self._builtin(func.id, node)
        if dotted in _CHANGING_ARGUMENT and node.args:
            ref = self._at.refer(node.args[0])
            if ref is not None and ref.shape in (CONTAINER, ELEMENT):
                self._add(ref.kind, ref.what, node)
        if isinstance(func, ast.Attribute):
            ref = self._at.refer(func.value)
            if ref is not None and func.attr in MUTATORS and ref.shape in (CONTAINER, ELEMENT):
                self._add(ref.kind, ref.what, node)
                return
        self._logging(func, node)
        self._call_edges(func, dotted, tuple(self._handed(node)))
        self._passed(func, dotted, node)

    def _passed(self, func: ast.expr, dotted: str | None, node: ast.Call) -> None:
        """Follow functions that are handed to what calls them: the project's own, or known to."""
        if last_word(func) not in _CALLING:
            found = self._at.project.find(dotted)
            if (
                found is None
                or not found.name
                or self._at.project.index(found.module).classes.get(found.name)
            ):
                return
        before = len(self.edges)
        for one in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(one, (ast.Name, ast.Attribute)):
                self._call_edges(one, self._at.dotted(one), ())
        self.edges[before:] = [edge._replace(passed=True) for edge in self.edges[before:]]

    def _logging(self, func: ast.expr, node: ast.Call) -> None:
        """A logger is the process's: what sets its level does so for all tasks."""
        if not isinstance(func, ast.Attribute) or func.attr not in _LOGGING:
            return
        maker = func.value
        if isinstance(maker, ast.Name) and (owner := self._at.local(maker.id)) is not None:
            values = owner.values.get(maker.id) or [None]
            maker = values[0] or maker
        if isinstance(maker, ast.Call):
            made_by = self._at.dotted(maker.func)
        else:
            found = self._at.project.find(self._at.dotted(maker))
            value = found and self._at.project.index(found.module).values.get(found.name)
            made_by = value.made_by if value and found and not found.rest else None
        if made_by in _LOGGERS:
            self._add(refs.ENVIRONMENT, f"{ast.unparse(func)}()", node)

    def _builtin(self, name: str, node: ast.Call) -> None:
        if name in ("setattr", "delattr") and len(node.args) >= 2:
            attribute = node.args[1]
            word = attribute.value if isinstance(attribute, ast.Constant) else "..."
            self._store_attribute(self._at.refer(node.args[0]), str(word), node)
        elif name == "next" and node.args:
            ref = self._at.refer(node.args[0])
            if ref is not None and ref.shape == ITERATOR:
                self._add(ref.kind, ref.what, node)

    def _handed(self, node: ast.Call) -> Iterator[tuple[int | str, Ref]]:
        """Yield the arguments that outlive the call and can be changed."""
        given: list[tuple[int | str, ast.expr]] = list(enumerate(node.args))
        given += [(one.arg, one.value) for one in node.keywords if one.arg]
        for place, one in given[:20]:
            ref = self._at.refer(one) if isinstance(one, (ast.Name, ast.Attribute)) else None
            if ref is not None and ref.shape in (CONTAINER, ELEMENT):
                yield place, ref

    def _call_edges(self, func: ast.expr, dotted: str | None, handed: Handed) -> None:
        guard = self._guards[-1] if self._guards else None
        if isinstance(func, ast.Name):
            made = self._at.refer(func)
            if made is not None and made.shape == "class":
                self.edges.append(Edge(made.target, None, guard, handed))
                return
            owner = self._at.local(func.id)
            if owner is not None and func.id in owner.functions and owner.called:
                self.edges.append(Edge(f"<local>{func.id}", None, guard, handed))
                return
        if isinstance(func, ast.Attribute):
            made_by = self._made_by(func.value)
            if made_by:
                self.edges.append(Edge(f"{made_by}.{func.attr}", None, guard, handed))
                return
            if func.attr in ("delay", "apply_async", "s", "si", "signature"):
                return
        if dotted:
            self.edges.append(Edge(dotted, None, guard, handed))

    def _member(self, node: ast.Attribute) -> None:
        """Follow a method or property of what outlives the call."""
        ref = self._at.refer(node.value)
        made_by = self._made_by(node.value) if ref is None else None
        if made_by:
            # A property of an object of the call's own.
            guard = self._guards[-1] if self._guards else None
            self.edges.append(Edge(f"{made_by}.{node.attr}", None, guard))
        if ref is not None and ref.shape in ("task", INSTANCE, "class", OWN) and ref.target:
            guard = self._guards[-1] if self._guards else None
            receiver = None if ref.shape == "class" and ref.kind != refs.TASK else ref
            self.edges.append(Edge(f"{ref.target}.{node.attr}", receiver, guard))

    def _made_by(self, node: ast.expr) -> str | None:
        """Return the class of an object that the call itself has made."""
        if isinstance(node, ast.Name):
            owner = self._at.local(node.id)
            values = [] if owner is None else owner.values.get(node.id, [])
            if len(values) != 1 or values[0] is None:
                return None
            node = values[0]
        if isinstance(node, ast.Call):
            return self._at.dotted(node.func)
        return None


def _takes_items(ref: Ref) -> bool:
    """Whether `x[...] = value` changes what x stands for, and no store behind it.

    A bare name may be a client of one; an attribute of a shared object is its state.
    """
    if ref.shape in (CONTAINER, ELEMENT):
        return True
    return ref.shape in (UNKNOWN, "foreign") and "." in ref.what
