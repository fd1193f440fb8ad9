"""Finds the modules that a settings file imports: only within its own project, never run."""

from __future__ import annotations

import ast
import os
import warnings
from typing import TYPE_CHECKING

from qtopo.errors import UnreadableFileError
from qtopo.importers.static.budget import Budget
from qtopo.importers.static.objects import Scope
from qtopo.importers.static.statements import Follower

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
        real = os.path.realpath(path)
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
            self.applications += follower.applications
        return scope

    def module(self, name: str, level: int, importer: str) -> Scope | None:
        """Return the names of a module as one file imports it; None where it is not here."""
        folder = os.path.dirname(os.path.realpath(importer))
        if level:
            base = folder
            for _ in range(level - 1):
                base = os.path.dirname(base)
            bases = [base]
        else:
            bases = [self._root, folder]
        parts = [part for part in name.split(".") if part]
        for base in bases:
            if not parts and not level:
                continue
            found = _module_file(base, parts)
            if found is not None and self._inside(found):
                return self.read(found)
        return None

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        return os.path.commonpath([real, self._root]) == self._root

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
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                text = raw.decode("utf-8-sig", "replace")
                return ast.parse(text, shown), text
        except SyntaxError as error:
            self.broken.append((f"{shown}:{error.lineno or 1}", f"no Python: {error.msg}"))
        except (ValueError, RecursionError, MemoryError):
            self.broken.append((shown, "no Python that can be read"))
        return None, ""


def root_of(path: str) -> str:
    """Return the folder that modules around a file are imported from."""
    folder = os.path.dirname(os.path.realpath(path))
    while os.path.isfile(os.path.join(folder, _INIT)) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _module_file(base: str, parts: list[str]) -> str | None:
    path = os.path.join(base, *parts)
    for candidate in (f"{path}.py" if parts else "", os.path.join(path, _INIT)):
        if candidate and os.path.isfile(candidate):
            return candidate
    return None
