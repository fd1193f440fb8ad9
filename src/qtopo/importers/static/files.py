"""Finds the modules that a settings file imports: only within its own project, never run."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from qtopo.errors import UnreadableFileError
from qtopo.importers.static.budget import Budget
from qtopo.importers.static.objects import Scope
from qtopo.importers.static.statements import Follower
from qtopo.source.python_text import parse, said_by_this_python

if TYPE_CHECKING:
    from qtopo.importers.static.objects import Application

_INIT = "__init__.py"


class Files:
    """Reads Python files, each once; imports lead to files under the first one's root.

    The root is the folder above the outermost package that the first file is in.
    `missing` are star imports that led nowhere: (module, place).
    """

    def __init__(self, first: str) -> None:
        self.budget = Budget()
        self.missing: list[tuple[str, str]] = []
        self.applications: list[Application] = []
        self.broken: list[tuple[str, str]] = []
        self._scopes: dict[str, Scope] = {}
        self._root = root_of(first)
        self._shown = {os.path.realpath(first): first}

    def read(self, path: str) -> Scope:
        """Return the names of the module at a path.

        Raises UnreadableFileError where it cannot be read; one that is no Python is
        noted in `broken` and has no names.
        """
        real, first = os.path.realpath(path), not self._scopes
        if real in self._scopes:
            return self._scopes[real]
        shown = self._shown.get(real) or os.path.relpath(real)
        scope = Scope(shown)
        # Known before it is read: two files may import each other.
        self._scopes[real] = scope
        self.budget.file()
        tree, text = self._parse(path, shown)
        if tree is not None:
            follower = Follower(text, shown, self)
            follower.run(tree.body, [scope])
            if first and not follower.applications:
                _run_factories(tree, scope, follower)
            self.applications += follower.applications
        return scope

    def module(self, name: str, level: int, importer: str) -> Scope | None:
        """Return the names of a module as one file imports it; None where it is not here."""
        folder = os.path.dirname(os.path.realpath(importer))
        parts = [part for part in name.split(".") if part]
        if level:
            base = folder
            for _ in range(level - 1):
                base = os.path.dirname(base)
            bases = [base]
        elif not parts:
            return None
        else:
            bases = [self._root, folder]
        for base in bases:
            found = _module_file(base, parts)
            if found is not None and _inside(found, self._root):
                return self.read(found)
        # Folders without an `__init__.py` are packages too, of which `root_of` knows nothing:
        # the file may stand below the package that it names.
        package = _named_above(folder, parts[0]) if not level else None
        found = _module_file(os.path.dirname(package), parts) if package else None
        if found is not None and package is not None and _inside(found, package):
            return self.read(found)
        return None

    def _parse(self, path: str, shown: str) -> tuple[ast.Module | None, str]:
        try:
            with open(path, "rb") as stream:
                raw = stream.read(Budget.FILE + 1)
        except OSError as error:
            raise UnreadableFileError(f"cannot read {shown}: {error.strerror or error}") from None
        if len(raw) > Budget.FILE:
            self.broken.append((shown, "it is larger than any settings file"))
            return None, ""
        try:
            text = raw.decode("utf-8-sig", "replace")
            return parse(text), text
        except SyntaxError as error:
            self.broken.append(
                (f"{shown}:{error.lineno or 1}", f"no Python: {said_by_this_python(error)}")
            )
        except (ValueError, RecursionError, MemoryError):
            self.broken.append((shown, "no Python that can be read"))
        return None, ""


def _run_factories(tree: ast.Module, scope: Scope, follower: Follower) -> None:
    """Follow the functions that make an application, as `create_app()` of Flask's projects."""
    for one in tree.body:
        if isinstance(one, ast.FunctionDef) and any(map(_makes_application, ast.walk(one))):
            follower.run(one.body, [scope, Scope(scope.file)])


def _makes_application(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else None
    return (function.id if isinstance(function, ast.Name) else name) == "Celery"


def root_of(path: str) -> str:
    """Return the folder that modules around a file are imported from."""
    folder = os.path.dirname(os.path.realpath(path))
    while os.path.isfile(os.path.join(folder, _INIT)) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _inside(path: str, folder: str) -> bool:
    return os.path.commonpath([os.path.realpath(path), folder]) == folder


def _named_above(folder: str, name: str) -> str | None:
    """Return the nearest of the folders that a file is in that has a name."""
    while os.path.basename(folder) not in ("", name):
        folder = os.path.dirname(folder)
    return folder if os.path.basename(folder) == name else None


def _module_file(base: str, parts: list[str]) -> str | None:
    path = os.path.join(base, *parts)
    for candidate in (f"{path}.py" if parts else "", os.path.join(path, _INIT)):
        if candidate and os.path.isfile(candidate):
            return candidate
    return None
