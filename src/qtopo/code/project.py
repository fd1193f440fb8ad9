"""A Python project as text: its modules, what they define and import. Nothing of it is run."""

from __future__ import annotations

import ast
import os
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.code.files import Limits, Problem, python_files, read_text
from qtopo.code.index import UNTOLD, Class, Index, Missing, build, full_name, literal
from qtopo.errors import UnreadableFileError
from qtopo.source.python_text import parse, said_by_this_python
from qtopo.topology.finding import Place, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINES = re.compile(r"\r\n|\r|\n")
_KEPT = 1_000_000
"""For how many characters of text trees are kept."""
_HOPS = 10
_ROOTS = ("manage.py", "setup.py", "setup.cfg", "pyproject.toml", "Procfile")
_PLAIN = ("object", "str", "enum.Enum", "enum.StrEnum")
"""Bases that bring no attributes which people read of a class."""
_OPEN = re.compile(r"(?<![(\[{])[(\[{]{60}|(?<![-+~])[-+~]{2000}")
"""What no person writes, and what takes parsers long."""


class Spot(NamedTuple):
    """Where something stands in a module: lines from 1, columns in UTF-8 bytes from 0 (ast's)."""

    module: str
    line: int
    column: int
    end_line: int
    end_column: int


class Module:
    """One file. `name` is its dotted name; `sure` says that no other root could give another."""

    def __init__(self, name: str, path: str, *, package: bool, sure: bool) -> None:
        self.name = name
        self.path = path
        self.package = package
        self.sure = sure
        self._index: Index | None = None

    def spot(self, node: Any) -> Spot:
        """Return where a node stands."""
        return Spot(
            self.name,
            node.lineno,
            node.col_offset,
            node.end_lineno or node.lineno,
            node.end_col_offset or node.col_offset,
        )


class Found(NamedTuple):
    """What a dotted name stands for: `rest` of it inside `name` of a module of the project.

    `name` is empty for the module itself.
    """

    module: Module
    name: str
    rest: tuple[str, ...]


class Project:
    """The modules of a folder by dotted name, and what could not be read.

    Trees are parsed when they are asked for, and few are kept. Without a folder
    there are the modules that were added, no more. `elsewhere` are modules that
    only places are asked of: they are not the project's.
    """

    def __init__(self, root: str | None, limits: Limits | None = None) -> None:
        if root is not None and not os.path.isdir(root):
            raise UnreadableFileError(f"{root!r} is no folder", "name the folder of the project")
        self.root = root or os.curdir
        self.limits = limits or Limits()
        self.problems: list[Problem] = []
        self.modules: dict[str, Module] = {}
        self.elsewhere: dict[str, Module] = {}
        self._trees: OrderedDict[str, ast.Module] = OrderedDict()
        self._bad: set[str] = set()
        self._read = 0
        self._counted: set[str] = set()
        self._parsed = 0
        self._lengths: dict[str, int] = {}
        self._kept = 0
        self._positions: dict[str, list[str]] = {}
        for path in python_files(root, self.limits, self.problems) if root is not None else ():
            module = _module(path, self.root)
            # One name twice (two services beside each other): the first, as on a path.
            self.modules.setdefault(module.name, module)

    def add(self, modules: Iterable[Module]) -> None:
        """Take modules in by the names that they were imported by, whatever their paths say."""
        added = {os.path.realpath(one.path): one for one in modules}
        for name, one in list(self.modules.items()):
            if os.path.realpath(one.path) in added:
                del self.modules[name]
        self.modules.update((one.name, one) for one in added.values())

    def text(self, module: Module) -> str | None:
        """Return the text of a module; None (and a problem) where it cannot be read."""
        if module.name in self._bad:
            return None
        text = read_text(module.path, self.limits)
        if isinstance(text, Problem):
            self._note(module, text)
            return None
        self._read += 0 if module.name in self._counted else len(text)
        self._counted.add(module.name)
        if self._read > self.limits.total:
            self._too_much(module, self.limits.total)
            return None
        return text

    def _too_much(self, module: Module, limit: int) -> None:
        message = f"has more than {limit} characters of Python: the rest was not looked at"
        self._note(module, Problem(self.root, 0, 0, message))

    def tree(self, module: Module, text: str | None = None) -> ast.Module | None:
        """Return the syntax tree of a module; None (and a problem) where it has none."""
        tree = self._trees.get(module.name)
        if tree is not None:
            self._trees.move_to_end(module.name)
            return tree
        text = self.text(module) if text is None else text
        if text is None:
            return None
        self._parsed += 0 if module.name in self._lengths else len(text)
        if self._parsed > self.limits.parsed:
            self._too_much(module, self.limits.parsed)
            return None
        parsed = _parse(module.path, text)
        if isinstance(parsed, Problem):
            self._note(module, parsed)
            return None
        self._trees[module.name] = parsed
        self._lengths[module.name] = len(text)
        self._kept += len(text)
        while len(self._trees) > 1 and self._kept > _KEPT:
            self._kept -= self._lengths[self._trees.popitem(last=False)[0]]
        return parsed

    def give_up(self, module: Module, message: str) -> None:
        """Note that a module cannot be judged."""
        self._note(module, Problem(module.path, 1, 1, message))

    def _note(self, module: Module, problem: Problem) -> None:
        self._bad.add(module.name)
        if problem not in self.problems:
            self.problems.append(problem)

    def index(self, module: Module) -> Index:
        """Return what a module defines at its top level; empty where it cannot be read."""
        if module._index is None:
            tree = self.tree(module)
            try:
                module._index = Index() if tree is None else build(tree, module)
            except RecursionError:
                self.give_up(module, "is nested too deep")
                module._index = Index()
        return module._index

    def find(self, dotted: str | None) -> Found | None:
        """Return what a dotted name stands for in the project, following imports; None: outside."""
        for _ in range(_HOPS):
            found = self._split(dotted) if dotted else None
            if found is None or not found.name:
                return found
            index = self.index(found.module)
            if found.name in index.defined:
                return found
            target = index.imports.get(found.name) or self._starred(index, found.name)
            if target is None:
                return found
            dotted = ".".join((target, *found.rest))
        return None

    def _starred(self, index: Index, name: str) -> str | None:
        """Return where a name comes from that `from x import *` brought along."""
        for star in index.stars:
            module = self.modules.get(star)
            if module is not None:
                other = self.index(module)
                if name in other.defined or name in other.imports:
                    return f"{star}.{name}"
        return None

    def full_name(self, node: ast.expr, module: Module) -> str | None:
        """Return the full name that an expression stands for in a module; None where it is none."""
        index = self.index(module)
        name = full_name(node, index, module)
        if name is None or not index.stars:
            return name
        root, dot, rest = name.partition(".")
        if root in index.imports or root in index.defined or root == module.name.partition(".")[0]:
            return name
        star = self._starred(index, root)
        return name if star is None else star + dot + rest

    def value(self, node: ast.expr | None, module: Module) -> Any:
        """Return what an expression is worth: a literal, or a name that was given one."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return literal(node)
        found = self.find(self.full_name(node, module))
        if found is None:
            return UNTOLD
        index = self.index(found.module)
        if not found.rest:
            value = index.values.get(found.name)
        else:
            # The member of an enumeration is written with or without its `.value`.
            one = index.classes.get(found.name)
            rest = found.rest[:-1] if found.rest[-1] == "value" else found.rest
            value = one.attributes.get(rest[0]) if one and len(rest) == 1 else None
            if value is None and one and len(rest) == 1 and _lacks(one, rest[0]):
                return Missing(found.name, rest[0])
        return UNTOLD if value is None else value.literal

    def _split(self, dotted: str) -> Found | None:
        parts = dotted.split(".")
        for length in range(min(len(parts), 30), 0, -1):
            module = self.modules.get(".".join(parts[:length]))
            if module is not None:
                name = parts[length] if length < len(parts) else ""
                return Found(module, name, tuple(parts[length + 1 :]))
        return None

    def place(self, spot: Spot) -> Place:
        """Return a spot as diagnostics have it: columns from 1, in characters."""
        path = (self.modules.get(spot.module) or self.elsewhere[spot.module]).path
        if path not in self._positions:
            text = read_text(path, self.limits)
            self._positions[path] = _LINES.split(text) if isinstance(text, str) else []
        lines = self._positions[path]
        start = Position(spot.line, _characters(lines, spot.line, spot.column) + 1)
        end = Position(spot.end_line, _characters(lines, spot.end_line, spot.end_column) + 1)
        return Place(path, (), start, end)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self.modules.values()))


def _lacks(one: Class, name: str) -> bool:
    """Whether a class cannot have an attribute, as far as its text tells."""
    plain = all(base in _PLAIN for base in one.bases) and not one.decorators and not one.computed
    return plain and not name.startswith("_") and name not in one.methods | one.own.keys()


def _characters(lines: list[str], line: int, column: int) -> int:
    if not 0 < line <= len(lines):
        return 0
    return len(lines[line - 1].encode("utf-8", "replace")[:column].decode("utf-8", "replace"))


def _parse(path: str, text: str) -> ast.Module | Problem:
    if _OPEN.search(text):
        return Problem(path, 1, 1, "is nested too deep")
    try:
        return parse(text)
    except SyntaxError as error:
        return Problem(
            path,
            error.lineno or 1,
            error.offset or 1,
            f"is no Python: {said_by_this_python(error)}",
        )
    except (RecursionError, MemoryError):
        return Problem(path, 1, 1, "is nested too deep")
    except ValueError as error:
        return Problem(path, 1, 1, f"is no Python: {error}")


def _module(path: str, root: str) -> Module:
    """Name a file as its import would: from the folder above the outermost package."""
    folder, file = os.path.split(path)
    package = file == "__init__.py"
    parts = [] if package else [file[:-3]]
    sure = os.path.isfile(os.path.join(folder, "__init__.py"))
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        above, name = os.path.split(os.path.abspath(folder))
        if above == folder:
            break
        parts.insert(0, name)
        folder = above
    if not sure or (package and not parts):
        # No package: named from the folder that commands are started in, as far as can be seen.
        sure = False
        top = os.path.abspath(root)
        folder = os.path.abspath(folder)
        while folder != top and not _is_root(folder):
            folder, name = os.path.split(folder)
            parts.insert(0, name)
    return Module(".".join(parts), path, package=package, sure=sure)


def _is_root(folder: str) -> bool:
    if os.path.basename(folder) == "src":
        return True
    return any(os.path.isfile(os.path.join(folder, name)) for name in _ROOTS)
