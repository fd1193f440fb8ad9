"""The rules of all plugins together: each once, none taking the name of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.errors import PluginError
from qtopo.rules import plugins

if TYPE_CHECKING:
    from qtopo.rules.base import Rule
    from qtopo.rules.configuration import Layer
    from qtopo.topology.shape import Reader


class Extra:
    """Collects plugins. `complete` says that none of them was unusable."""

    def __init__(self) -> None:
        self.complete = True
        self._rules: dict[type[Rule], None] = {}
        self._names: dict[str, str] | None = None

    @property
    def rules(self) -> tuple[type[Rule], ...]:
        """The rules, in the order in which their plugins were named."""
        return tuple(self._rules)

    def add_installed(self) -> None:
        """Add the plugins that announce themselves as entry points."""
        for name, plugin in plugins.installed():
            problem = plugin.problem or self._take(plugin)
            if problem is not None:
                raise PluginError(
                    f"the installed plugin {name!r} is unusable: {problem}",
                    plugin.help or "uninstall it, or go without with --no-plugins",
                )

    def add_named(self, layer: Layer, reader: Reader) -> None:
        """Add the plugins that a layer names; what is wrong with them goes to the reader."""
        for index, name in enumerate(layer.lint.plugins):
            if not name:
                self.complete = False
                continue
            plugin = plugins.named(name, layer.folder)
            problem = plugin.problem or self._take(plugin)
            if problem is not None:
                self.complete = False
                reader.add(
                    "plugin-unusable",
                    (*layer.path, "plugins", index),
                    f"plugin {name!r} is unusable: {problem}",
                    help=plugin.help,
                )

    def _take(self, plugin: plugins.Plugin) -> str | None:
        """Add the rules of a plugin, or return why they cannot stand beside the others."""
        if self._names is None:
            from qtopo.rules.configuration import known

            self._names = {}
            for kind in known():
                self._names[kind.name] = self._names[kind.code] = "one of qtopo's"
        new: dict[type[Rule], None] = {}
        for rule in plugin.rules:
            if rule in self._rules or rule in new:
                continue
            for name in (rule.name, rule.code):
                owner = self._names.get(name)
                if owner is not None:
                    return f"the rule {name!r} is there already: {owner}"
                self._names[name] = f"{rule.__module__}.{rule.__qualname__}"
            new[rule] = None
        self._rules.update(new)
        return None
