"""Which modules a worker has imported once it runs: at most these, as far as text tells.

Whatever the application's modules name counts, by an import anywhere in them or as a
text that is a module's name (`include`, `imports`, Django's INSTALLED_APPS, the name of
a module of settings). What is computed makes it unknown.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from qtopo.code.index import UNTOLD, imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.code.project import Module, Project

_DYNAMIC = frozenset(
    (
        *("import_module", "__import__", "import_string", "find_modules", "symbol_by_name"),
        *("iter_modules", "walk_packages", "load_entry_point", "entry_points"),
    )
)
_OF_APPS = ("apps", "models", "signals", "admin", "checks", "receivers", "handlers")
"""What Django, and apps by custom, import of an installed app."""


class Named:
    """What one module names: other modules of the project, and how tasks are discovered.

    `discovers` are the last parts of the modules that are imported wherever they are;
    `unknown` says that it imports what the text does not tell.
    """

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.discovers: set[str] = set()
        self.unknown = False


class Imports:
    """The imports of a project's modules; what was read is kept."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._named: dict[str, Named] = {}

    def reach(self, starts: Iterable[str]) -> frozenset[str] | None:
        """Return the modules that come with some modules; None where that cannot be told."""
        found: set[str] = set()
        waiting = [one for start in starts for one in self._modules(start)]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            named = self._of(self._project.modules[name])
            if named.unknown:
                return None
            waiting.extend(named.modules - found)
            for last in named.discovers:
                waiting.extend(
                    one for one in self._project.modules if one.rpartition(".")[2] == last
                )
        return frozenset(found)

    def _of(self, module: Module) -> Named:
        if module.name not in self._named:
            self._named[module.name] = self._look(module)
        return self._named[module.name]

    def _look(self, module: Module) -> Named:
        named = Named()
        tree = self._project.tree(module)
        if tree is None:
            named.unknown = True
            return named
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    named.modules.update(self._modules(one.name))
            elif isinstance(node, ast.ImportFrom):
                for _, target in imported(node, module):
                    named.modules.update(self._modules(target))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.modules.update(self._in_text(node.value))
            elif isinstance(node, ast.Call):
                self._call(node, module, named)
        return named

    def _call(self, node: ast.Call, module: Module, named: Named) -> None:
        func = node.func
        word = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if word in _DYNAMIC:
            told = node.args and self._project.value(node.args[0], module)
            named.unknown = named.unknown or not isinstance(told, str)
        elif word == "autodiscover_tasks":
            given = node.args[1] if len(node.args) > 1 else None
            for one in node.keywords:
                given = one.value if one.arg == "related_name" else given
            last = "tasks" if given is None else self._project.value(given, module)
            if isinstance(last, str):
                named.discovers.add(last.rpartition(".")[2])
            elif last is UNTOLD:
                named.unknown = True

    def _in_text(self, text: str) -> Iterator[str]:
        """Yield the modules that a text names, and what is imported of an app of that name."""
        if len(text) > 200 or not text.replace(".", "").replace(":", "").isidentifier():
            return
        dotted = text.partition(":")[0]
        yield from self._modules(dotted)
        for last in _OF_APPS:
            if f"{dotted}.{last}" in self._project.modules:
                yield f"{dotted}.{last}"

    def _modules(self, dotted: str) -> Iterator[str]:
        """Yield the modules that a name's import brings: the packages around it, too."""
        parts = dotted.split(".")[:30]
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            if name in self._project.modules:
                yield name
