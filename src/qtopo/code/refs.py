"""What an expression in a function refers to, where that outlives the call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from qtopo.code.index import LONGEST_NAME, imported
from qtopo.code.shapes import (
    APP,
    CONSTANT,
    CONTAINER,
    ELEMENT,
    INSTANCE,
    ITERATOR,
    LOCAL,
    UNKNOWN,
    shape_of,
)
from qtopo.code.tasks import class_of

if TYPE_CHECKING:
    from qtopo.code.project import Module, Project
    from qtopo.code.scopes import Scope

MUTATION = "module-object"
GLOBAL = "global"
MODULE = "module-attribute"
SETTINGS = "settings"
CLASS = "class-attribute"
TASK = "task-instance"
DEFAULT = "default-argument"
CLOSURE = "closure"
FUNCTION = "function-attribute"
ENVIRONMENT = "process-state"
CACHE = "cache"
KINDS = (
    *(GLOBAL, MUTATION, MODULE, SETTINGS, CLASS, TASK, DEFAULT, CLOSURE, FUNCTION),
    *(ENVIRONMENT, CACHE),
)
"""What can be wrong, as findings name it."""

_PROCESS = {"os.environ", "sys.path", "sys.modules", "sys.argv", "sys.meta_path", "sys.path_hooks"}
_SETTINGS = {"django.conf.settings", "dynaconf.settings", "starlette.config.settings"}
_PROXIES = {
    "celery.current_task",
    "celery._state.current_task",
    "django.db.connection",
    "django.db.connections",
    "django.core.cache.cache",
    "django.core.cache.caches",
    "flask.g",
    "flask.request",
    "flask.session",
    "flask.current_user",
    "flask_login.current_user",
    "quart.g",
    "quart.request",
    "quart.session",
    "threading.local",
}
"""Each thread, context or caller has its own."""
OWN = "own-object"
"""The shape of an object of the call's own: only what its class holds is shared."""
_PER_REQUEST = ("request", "request_stack")
_VIEWS = ("loc", "iloc", "at", "iat", "flat")
"""Attributes of tables and arrays through which these are changed."""
_DEEPEST = 8
_WRAPPERS = ("get", "setdefault", "values", "items", "keys")


class Ref(NamedTuple):
    """What lives longer than the call: `kind` as findings name it, `what` it is called.

    `shape` says what it is (`shapes`), `target` the full name of the class or
    function it is, or was made by.
    """

    kind: str
    what: str
    shape: str
    target: str = ""


Handed = tuple[tuple["int | str", Ref], ...]
"""Arguments of a call, by position or name."""


class Resolver:
    """Refers expressions of one function to what they stand for.

    `self_ref` is what the first parameter stands for, `receiver` its name.
    """

    def __init__(
        self,
        project: Project,
        module: Module,
        scope: Scope,
        receiver: str = "",
        self_ref: Ref | None = None,
        handed: Handed = (),
    ) -> None:
        self.project = project
        self.module = module
        self.scope = scope
        self._receiver = receiver
        self._self = self_ref
        self._busy: set[str] = set()
        self._handed = self._named(handed)
        self._imports: dict[str, str] = {}
        around: Scope | None = scope
        while around is not None:
            for node in around.imports:
                for name, target in imported(node, module):
                    self._imports.setdefault(name, target)
            around = around.outer

    def _named(self, handed: Handed) -> dict[str, Ref]:
        """Return the arguments by the names of the parameters."""
        arguments = self.scope.node.args
        places = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        skip = 1 if self._receiver in places[:1] and self._self is not None else 0
        named = {}
        for place, ref in handed:
            if isinstance(place, str):
                named[place] = ref
            elif place + skip < len(places):
                named[places[place + skip]] = ref
        return named

    def local(self, name: str) -> Scope | None:
        """Return the function whose local name this is; None for one of the module."""
        scope: Scope | None = self.scope
        first = True
        while scope is not None:
            if name in scope.globals:
                return None
            if name in scope.values and not (first and name in scope.nonlocals):
                return scope
            scope, first = scope.outer, False
        return None

    def dotted(self, node: ast.expr) -> str | None:
        """Return the full name an expression stands for; None where a local name is in it."""
        root, length = node, 0
        while isinstance(root, ast.Attribute) and length <= LONGEST_NAME:
            root, length = root.value, length + 1
        if not isinstance(root, ast.Name):
            return None
        if root.id in self._imports and self._is_import(root.id):
            tail = ast.unparse(node)[len(root.id) :] if node is not root else ""
            return self._imports[root.id] + tail
        if self.local(root.id) is not None:
            return None
        return self.project.full_name(node, self.module)

    def _is_import(self, name: str) -> bool:
        owner = self.local(name)
        return owner is None or not any(owner.values.get(name) or [])

    def refer(self, node: ast.expr, depth: int = 0) -> Ref | None:
        """Return what an expression refers to; None for what is the call's own."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Name):
            return self._name(node, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, depth)
        if isinstance(node, ast.Subscript):
            base = self.refer(node.value, depth + 1)
            if base is None or base.shape not in (CONTAINER, ELEMENT):
                return None
            if isinstance(node.slice, ast.Slice):
                return None  # a copy
            return base._replace(what=f"{base.what}[...]", shape=ELEMENT, target="")
        if isinstance(node, ast.Await):
            return self.refer(node.value, depth + 1)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        if isinstance(node, ast.NamedExpr):
            return self.refer(node.value, depth + 1)
        return None

    def _call(self, node: ast.Call, depth: int) -> Ref | None:
        func = node.func
        if isinstance(func, ast.Name) and self.local(func.id) is None:
            if func.id == "globals" and not node.args:
                return Ref(GLOBAL, "globals()", CONTAINER)
            if func.id == "type" and len(node.args) == 1:
                return self._class_of_self(node.args[0])
            if func.id in ("list", "enumerate", "reversed", "sorted", "iter") and node.args:
                # A new list of the same items; an item of it is still shared.
                return None
        returned = self._returned(func)
        if returned is not None:
            return returned
        if isinstance(func, ast.Attribute) and func.attr in _WRAPPERS:
            base = self.refer(func.value, depth + 1)
            if base is not None and base.shape in (CONTAINER, ELEMENT):
                shape = ELEMENT if func.attr in ("get", "setdefault") else CONTAINER
                return base._replace(what=f"{base.what}[...]", shape=shape, target="")
        return None

    def _returned(self, func: ast.expr) -> Ref | None:
        """Return the container of a module that a function gives out each time."""
        found = self.project.find(self.dotted(func))
        if found is None or found.rest or not found.name:
            return None
        name = self.project.index(found.module).returns.get(found.name)
        if name is None:
            return None
        ref = self.by_name(f"{found.module.name}.{name}", name)
        return ref if ref is not None and ref.shape == CONTAINER else None

    def _class_of_self(self, node: ast.expr) -> Ref | None:
        if isinstance(node, ast.Name) and node.id == self._receiver and self._self is not None:
            return Ref(CLASS, f"the class of {node.id}", "class", self._self.target)
        return None

    def _name(self, node: ast.Name, depth: int) -> Ref | None:
        name = node.id
        owner = self.local(name)
        if owner is None:
            if name in self._imports and name not in self.scope.globals:
                return self.by_name(self._imports[name], name)
            return self.by_name(self.project.full_name(node, self.module), name)
        if name in owner.parameters:
            if owner is self.scope and name == self._receiver and self._self is not None:
                return self._self
            if owner is self.scope and name in self._handed and len(owner.values[name]) == 1:
                return self._handed[name]
            default = owner.defaults.get(name)
            if owner is self.scope and default is not None and len(owner.values[name]) == 1:
                shape, made_by = shape_of(default, self.dotted)
                if shape == CONTAINER:
                    return Ref(DEFAULT, name, shape, made_by)
            return None if owner.called else Ref(CLOSURE, name, UNKNOWN)
        if name in self._imports and self._is_import(name):
            return self.by_name(self._imports[name], name)
        values = owner.values[name]
        if not owner.called:
            shape, made_by = shape_of(values[0] if values else None, self.dotted)
            return None if shape == LOCAL else Ref(CLOSURE, name, shape, made_by)
        return self._alias(name, values, depth)

    def _alias(self, name: str, values: list[ast.expr | None], depth: int) -> Ref | None:
        """Return what a local name is another name for, where it is nothing else."""
        if name in self._busy or not values:
            return None
        self._busy.add(name)
        try:
            found = [None if one is None else self.refer(one, depth + 1) for one in values]
        finally:
            self._busy.discard(name)
        first = found[0]
        if first is None or not all(found) or first.shape in ("module", "function", CONSTANT):
            return None
        return first

    def by_name(self, dotted: str | None, written: str) -> Ref | None:
        """Return what a full name stands for."""
        if dotted is None or dotted in _PROXIES:
            return None
        if dotted in _PROCESS:
            return Ref(ENVIRONMENT, dotted, CONTAINER, dotted)
        if dotted in _SETTINGS:
            return Ref(SETTINGS, written, "settings", dotted)
        found = self.project.find(dotted)
        if found is None:
            if "." not in dotted and dotted not in self._imports.values():
                index = self.project.index(self.module)
                if dotted not in index.imports.values():
                    return None  # a builtin, or a name that nothing here binds
            return Ref(MODULE, written, "foreign", dotted)
        if not found.name:
            return Ref(MODULE, written, "module", dotted)
        index = self.project.index(found.module)
        kind = index.defined.get(found.name)
        here = f"{found.module.name}.{found.name}"
        if kind is None and self.project.find(here) is not None and not found.rest:
            # Made by `global` alone, or by what cannot be seen.
            return None
        if kind == "class":
            ref: Ref | None = Ref(CLASS, written, "class", here)
        elif kind == "function":
            ref = Ref(FUNCTION, written, "function", here)
        elif kind == "value":
            value = index.values[found.name]
            if value.shape == UNKNOWN and value.made_by and value.made_by != here:
                # Another name for something: `settings = django_settings`.
                inner = self.by_name(value.made_by, written)
                if inner is not None and inner.shape in ("settings", "foreign", "class"):
                    ref = inner if inner.shape != "foreign" else Ref(MUTATION, written, UNKNOWN)
                else:
                    ref = inner
            else:
                ref = Ref(MUTATION, written, value.shape, value.made_by)
            if ref is not None and ref.shape == LOCAL:
                return None
        else:
            ref = None
        for name in found.rest:
            ref = None if ref is None else self._member(ref, name)
        return ref

    def _attribute(self, node: ast.Attribute, depth: int) -> Ref | None:
        dotted = self.dotted(node)
        if dotted is not None:
            if dotted in _PROXIES:
                return None
            found = self.project.find(dotted)
            if dotted in _PROCESS or (found is not None and not found.rest):
                return self.by_name(dotted, ast.unparse(node))
        if node.attr == "__class__":
            return self._class_of_self(node.value)
        base = self.refer(node.value, depth + 1)
        return None if base is None else self._member(base, node.attr)

    def _member(self, base: Ref, name: str) -> Ref | None:
        """Return what an attribute of something stands for."""
        what = f"{base.what}.{name}"
        if base.shape in ("module", "foreign"):
            dotted = f"{base.target}.{name}"
            if dotted in _PROXIES:
                return None
            if dotted in _PROCESS:
                return Ref(ENVIRONMENT, dotted, CONTAINER, dotted)
            return Ref(base.kind, what, "foreign", dotted)
        if base.shape == "settings":
            return Ref(SETTINGS, what, CONTAINER if name.isupper() else UNKNOWN)
        if base.shape == APP:
            return Ref(base.kind, what, CONTAINER if name == "conf" else UNKNOWN)
        if base.shape == OWN:
            return self._of_own(base, name)
        if base.shape in ("class", "task", INSTANCE):
            return self._of_class(base, name, what)
        if base.shape == LOCAL or base.shape == "function":
            return Ref(base.kind, what, UNKNOWN) if base.shape == "function" else None
        if base.shape == CONTAINER:
            return base._replace(what=what) if name in _VIEWS else None
        return Ref(base.kind, what, UNKNOWN)

    def _of_class(self, base: Ref, name: str, what: str) -> Ref | None:
        if base.shape == "task" and name in _PER_REQUEST:
            return None
        value, seen = None, 0
        names = [base.target]
        while names and value is None and seen < 10:
            seen += 1
            one = class_of(self.project, names.pop(0))
            if one is None:
                continue
            value = one.attributes.get(name) or one.own.get(name)
            if value is None:
                names.extend(one.bases)
        if value is None:
            return Ref(base.kind, what, UNKNOWN)
        if value.shape == LOCAL:
            return None
        shape = UNKNOWN if value.shape == CONSTANT else value.shape
        return Ref(base.kind, what, shape, value.made_by)

    def _of_own(self, base: Ref, name: str) -> Ref | None:
        """Return what an attribute is that an object has from its class, or a base, alone."""
        value, names = None, [base.target]
        for _ in range(10):
            one = class_of(self.project, names.pop(0)) if names else None
            if one is None:
                continue
            if name in one.own:
                return None
            value = value or one.attributes.get(name)
            names.extend(one.bases)
        if value is None:
            return None
        shared = value.shape in (CONTAINER, ITERATOR)
        return Ref(CLASS, f"{base.what}.{name}", value.shape, value.made_by) if shared else None
