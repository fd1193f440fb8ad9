"""Follows the statements of a module: assignments, branches that are known, star imports."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtopo.importers.static.budget import Budget
from qtopo.importers.static.expressions import Evaluator
from qtopo.importers.static.functions import iterated, unpack
from qtopo.importers.static.objects import Application, Conf, Function, Method, Ref, Scope
from qtopo.importers.values import Code, Unknown, settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.importers.static.files import Files

_DEEPEST = 50


class Follower:
    """Executes statements on scopes of names, without running any of them."""

    def __init__(self, text: str, file: str, files: Files) -> None:
        self.evaluator = Evaluator(text, file, files.budget)
        self.files = files
        self.file = file
        self.applications: list[Application] = []
        self._depth = 0

    def run(self, statements: Sequence[ast.stmt], scopes: list[Scope]) -> None:
        """Follow statements; names go into the last scope."""
        if self._depth >= Budget.DEPTH // 3:
            return
        self._depth += 1
        try:
            for one in statements:
                self.files.budget.step()
                method = getattr(self, f"_{type(one).__name__.lower()}", None)
                if method is not None:
                    # Nested deeper than Python goes: it stays unread.
                    with suppress(RecursionError):
                        method(one, scopes)
        finally:
            self._depth -= 1

    def _assign(self, node: ast.Assign, scopes: list[Scope]) -> None:
        value = self.evaluator.value(node.value, scopes)
        for target in node.targets:
            self._give(target, value, scopes)
            doubt = _doubt(node.value, scopes)
            if doubt is not None and isinstance(target, ast.Name):
                scopes[-1].doubts[target.id] = doubt

    def _annassign(self, node: ast.AnnAssign, scopes: list[Scope]) -> None:
        if node.value is not None:
            self._give(node.target, self.evaluator.value(node.value, scopes), scopes)

    def _give(self, target: ast.expr, value: Any, scopes: list[Scope]) -> None:
        where = self.evaluator.where(target)
        if isinstance(value, Application) and value not in self.applications:
            self.applications.append(value)
        if isinstance(target, ast.Attribute):
            owner = self.evaluator.value(target.value, scopes)
            scope = owner.application.conf if isinstance(owner, Conf) else owner
            if isinstance(scope, Scope):
                scope.set(target.attr, value, where)
        elif isinstance(target, ast.Subscript):
            owner = self.evaluator.value(target.value, scopes)
            key = settled(self.evaluator.value(target.slice, scopes))
            if isinstance(owner, Conf) and isinstance(key, str):
                owner.application.conf.set(key, value, where)
            elif isinstance(owner, dict | list) and isinstance(key, str | int):
                with suppress(TypeError, IndexError):
                    owner[key] = self.files.budget.copied(value)  # type: ignore[index]
        elif not unpack(target, value, scopes[-1], where):
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    scopes[-1].set(name.id, Unknown(name.id, where), where)

    def _augassign(self, node: ast.AugAssign, scopes: list[Scope]) -> None:
        if isinstance(node.target, ast.Name | ast.Attribute | ast.Subscript):
            loaded = ast.copy_location(ast.BinOp(_loaded(node.target), node.op, node.value), node)
            value = self.evaluator.value(ast.fix_missing_locations(loaded), scopes)
            self._give(node.target, value, scopes)

    def _delete(self, node: ast.Delete, scopes: list[Scope]) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                scopes[-1].names.pop(target.id, None)

    def _if(self, node: ast.If, scopes: list[Scope]) -> None:
        truth = self.evaluator.truth(self.evaluator.value(node.test, scopes))
        if truth is not None:
            self.run(node.body if truth else node.orelse, scopes)
            return
        # Which branch runs is not known. What is there stays; what only a branch gives is
        # taken, the first branch before the second, and marked as doubtful.
        before = dict(scopes[-1].names)
        taken: dict[str, tuple[Any, str]] = {}
        for branch in (node.body, node.orelse):
            inner = Scope(self.file)
            self.run(branch, [*scopes, inner])
            for name, value in inner.names.items():
                taken.setdefault(name, (value, inner.places[name]))
        test = self.evaluator.unknown(node.test)
        for name, (value, where) in taken.items():
            # `schedule = {}` before it is where the entries are to go.
            if name not in before or before[name] in ([], (), {}):
                scopes[-1].set(name, value, where)
            scopes[-1].doubts[name] = f"{test.text} ({test.where})"

    def _try(self, node: ast.Try, scopes: list[Scope]) -> None:
        self.run(node.body, scopes)
        for handler in node.handlers:
            # Only for names that the body did not give.
            inner = Scope(self.file)
            self.run(handler.body, [*scopes, inner])
            for name, value in inner.names.items():
                if name not in scopes[-1].names:
                    scopes[-1].set(name, value, inner.places[name])
        self.run(node.orelse, scopes)
        self.run(node.finalbody, scopes)

    def _with(self, node: ast.With, scopes: list[Scope]) -> None:
        self.run(node.body, scopes)

    def _for(self, node: ast.For, scopes: list[Scope]) -> None:
        items = iterated(self.evaluator.value(node.iter, scopes))
        if items is None:
            inner = Scope(self.file)
            self.run(node.body, [*scopes, inner])
            for name in inner.names:
                scopes[-1].set(name, Unknown(name, inner.places[name]), inner.places[name])
            return
        for item in items:
            self._give(node.target, item, scopes)
            self.run(node.body, scopes)

    def _classdef(self, node: ast.ClassDef, scopes: list[Scope]) -> None:
        scope = Scope(self.file, title=node.name)
        for base in reversed(node.bases):
            found = self.evaluator.value(base, scopes)
            if isinstance(found, Scope):
                scope.names.update(found.names)
                scope.places.update(found.places)
        self.run(node.body, [*scopes, scope])
        scopes[-1].set(node.name, scope, self.evaluator.where(node))

    def _functiondef(self, node: ast.FunctionDef, scopes: list[Scope]) -> None:
        where = self.evaluator.where(node)
        if any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list):
            scopes[-1].set(node.name, Unknown(f"property {node.name}", where), where)
            return
        function = Function(node, scopes[0], node.name, self.evaluator.text)
        scopes[-1].set(node.name, function, where)

    _asyncfunctiondef = _functiondef

    def _import(self, node: ast.Import, scopes: list[Scope]) -> None:
        for one in node.names:
            name = one.asname or one.name.partition(".")[0]
            target = one.name if one.asname else one.name.partition(".")[0]
            module = self.files.module(target, 0, self.file)
            value: Any = Ref(target) if module is None else module
            if target != one.name:
                value = self._below(value, one.name)
            scopes[-1].set(name, value, self.evaluator.where(node))

    def _below(self, top: Any, dotted: str) -> Any:
        """Return what `import a.b` binds: `a`, with the module `b` in it where that is found."""
        module = self.files.module(dotted, 0, self.file)
        if module is None:
            return top
        first = top if isinstance(top, Scope) else Scope(self.file)
        owner, parts = first, dotted.split(".")
        for count in range(2, len(parts)):
            inner = self.files.module(".".join(parts[:count]), 0, self.file)
            owner = owner.names.setdefault(parts[count - 1], inner or Scope(self.file))
            if not isinstance(owner, Scope):
                return top
        owner.names.setdefault(parts[-1], module)
        return first

    def _importfrom(self, node: ast.ImportFrom, scopes: list[Scope]) -> None:
        where = self.evaluator.where(node)
        module = self.files.module(node.module or "", node.level, self.file)
        for one in node.names:
            if one.name == "*":
                self._star(module, node, scopes, where)
                continue
            name = one.asname or one.name
            if module is not None and one.name in module.names:
                scopes[-1].set(name, module.names[one.name], module.places.get(one.name, where))
                if one.name in module.doubts:
                    scopes[-1].doubts[name] = module.doubts[one.name]
                continue
            inner = self.files.module(
                f"{node.module}.{one.name}" if node.module else one.name, node.level, self.file
            )
            dotted = f"{'.' * node.level}{node.module or ''}.{one.name}"
            scopes[-1].set(name, inner if inner is not None else Ref(dotted), where)

    def _star(
        self, module: Scope | None, node: ast.ImportFrom, scopes: list[Scope], where: str
    ) -> None:
        if module is None:
            self.files.missing.append((f"{'.' * node.level}{node.module or ''}", where))
            return
        public = module.names.get("__all__")
        for name, value in module.names.items():
            wanted = name in public if isinstance(public, list | tuple) else name[:1] != "_"
            if wanted:
                scopes[-1].set(name, value, module.places.get(name, where))
                if name in module.doubts:
                    scopes[-1].doubts[name] = module.doubts[name]

    def _expr(self, node: ast.Expr, scopes: list[Scope]) -> None:
        if not isinstance(node.value, ast.Call):
            return
        call = node.value
        if isinstance(call.func, ast.Attribute):
            owner = self.evaluator.value(call.func.value, scopes)
            self._method(call, Method(owner, call.func.attr), scopes)

    def _method(self, call: ast.Call, method: Method, scopes: list[Scope]) -> None:
        arguments = [self.evaluator.value(one, scopes) for one in call.args]
        keywords = {
            one.arg: self.evaluator.value(one.value, scopes) for one in call.keywords if one.arg
        }
        for one in call.keywords:
            spread = self.evaluator.value(one.value, scopes) if one.arg is None else None
            if isinstance(spread, dict):
                keywords.update({key: value for key, value in spread.items() if type(key) is str})
        where = self.evaluator.where(call)
        owner, name = method.owner, method.name
        if isinstance(owner, Conf):
            self._conf(owner.application, name, arguments, keywords, where)
            for one in call.keywords:
                doubt = _doubt(one.value, scopes)
                if doubt is not None and one.arg in owner.application.conf.names:
                    owner.application.conf.doubts[one.arg] = doubt
        elif isinstance(owner, Application):
            if name == "config_from_object":
                self._source(owner, arguments, keywords, where)
        elif isinstance(owner, dict | list):
            arguments = [self.files.budget.copied(one) for one in arguments]
        if isinstance(owner, dict):
            given = arguments[0] if arguments else {}
            if name == "update" and isinstance(given, dict):
                owner.update(given)
                owner.update(keywords)
            elif name == "setdefault" and len(arguments) == 2:
                owner.setdefault(settled(arguments[0]), arguments[1])
            elif name == "pop" and arguments:
                owner.pop(settled(arguments[0]), None)
        elif isinstance(owner, list):
            self._list(owner, name, arguments)

    def _list(self, owner: list[Any], name: str, arguments: list[Any]) -> None:
        if len(owner) >= Budget.SIZE:
            return
        if name == "append" and len(arguments) == 1:
            owner.append(arguments[0])
        elif name in ("extend", "update") and len(arguments) == 1:
            owner.extend(iterated(arguments[0]) or ())
        elif name == "insert" and len(arguments) == 2 and isinstance(arguments[0], int):
            owner.insert(arguments[0], arguments[1])

    def _conf(
        self,
        application: Application,
        name: str,
        arguments: list[Any],
        keywords: dict[str, Any],
        where: str,
    ) -> None:
        if name == "update":
            given = arguments[0] if arguments else {}
            for key, value in {**(given if isinstance(given, dict) else {}), **keywords}.items():
                if isinstance(key, str):
                    application.conf.set(key, value, where)

    def _source(
        self,
        application: Application,
        arguments: list[Any],
        keywords: dict[str, Any],
        where: str,
    ) -> None:
        namespace = settled(keywords.get("namespace"))
        if isinstance(namespace, str):
            application.namespace = namespace
        source = settled(arguments[0]) if arguments else settled(keywords.get("obj"))
        if isinstance(source, str):
            application.sources.append((source, where))
        elif isinstance(source, Scope):
            for name, value in source.names.items():
                if name[:1] != "_" and not isinstance(value, Ref):
                    application.conf.names.setdefault(name, value)
                    application.conf.places.setdefault(name, source.places.get(name, where))


def named(value: Any, where: str | None = None, depth: int = 0) -> Any:
    """Return a value with functions, classes and imported names as `Code`."""
    if depth > _DEEPEST:
        return Unknown("...", where)
    if isinstance(value, Ref):
        return Code(value.name, where)
    if isinstance(value, Function):
        return Code(value.name, where)
    if isinstance(value, Scope):
        return Code(value.title or value.file, where)
    if isinstance(value, Method | Conf | Application):
        return Unknown(type(value).__name__.lower(), where)
    if isinstance(value, dict):
        return {named(key): named(one, where, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [named(one, where, depth + 1) for one in value]
    if isinstance(value, tuple):
        return tuple(named(one, where, depth + 1) for one in value)
    return value


def _doubt(node: ast.expr, scopes: list[Scope]) -> str | None:
    """Return the condition that the value of a name depends on, where that is not known."""
    if not isinstance(node, ast.Name):
        return None
    owner = next((one for one in reversed(scopes) if node.id in one.names), None)
    return None if owner is None else owner.doubts.get(node.id)


def _loaded(target: ast.expr) -> ast.expr:
    """Return the left side of `+=` as something to read."""
    import copy

    found = copy.deepcopy(target)
    for one in ast.walk(found):
        if isinstance(one, ast.Name | ast.Attribute | ast.Subscript):
            one.ctx = ast.Load()
    return found
