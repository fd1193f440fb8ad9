"""Rules of the user's own: found, imported, and held to what a rule has to be.

Importing one runs its code, and may raise anything at all. What is wrong with
a plugin is told as a sentence; whoever asked for it knows where it was named.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.rules.base import Option, Rule
from qtopo.rules.installed import GROUP, may_be_installed
from qtopo.topology.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ATTRIBUTE = "RULES"
"""What holds the rules of a module, where the plugin does not say."""

CODE = r"X[A-Z]{0,8}[0-9]{1,5}"
"""The codes of users' rules; those of qtopo begin with QT."""

_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_files: dict[tuple[str, int], ModuleType] = {}


class Plugin(NamedTuple):
    """The rules of one plugin, or what is wrong with it, and the way out."""

    rules: tuple[type[Rule], ...]
    problem: str | None = None
    help: str | None = None


def named(plugin: str, folder: str) -> Plugin:
    """Return the rules of `module:ATTRIBUTE`, or of `./file.py` in a folder."""
    place, _, attribute = plugin.partition(":")
    attribute = attribute or ATTRIBUTE
    if place.endswith(".py"):
        path = os.path.normpath(os.path.join(folder, place))
        if not os.path.isfile(path):
            return Plugin((), f"there is no file {path!r}", "it is relative to the file it is in")
        return _rules(plugin, lambda: _file(path), attribute)
    return _rules(plugin, lambda: _module(place, folder), attribute)


def installed() -> Iterator[tuple[str, Plugin]]:
    """Yield the name of each entry point of the group, with its rules."""
    if not may_be_installed():
        return  # which is seen without the import that takes long
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        yield point.name, _rules(point.value, lambda one=point: _Loaded(one.load()), "rules")


class _Loaded:
    """What an entry point names, as if it were a module."""

    def __init__(self, rules: Any) -> None:
        self.rules = rules


def _file(path: str) -> ModuleType:
    """Import a file; a changed one once more."""
    from importlib.util import module_from_spec, spec_from_file_location

    key = (os.path.realpath(path), os.stat(path).st_mtime_ns)
    if key not in _files:
        name = f"_qtopo_plugin_{len(_files)}_{os.path.basename(path)[:-3]}"
        spec = spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot import {path!r}")
        module = sys.modules[name] = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        _files[key] = module
    return _files[key]


def _module(name: str, folder: str) -> ModuleType:
    """Import a module, one beside the file too; behind all others, so that it hides none."""
    from importlib import import_module

    folder = os.path.abspath(folder)
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module(name)


def _rules(plugin: str, load: Any, attribute: str) -> Plugin:
    try:
        module = load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may even exit
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Plugin((), f"it cannot be imported: {_line(reason)}", _import_help(error))
    found = getattr(module, attribute, None)
    if found is None:
        return Plugin((), f"it has no {attribute!r}", f'name what holds the rules: "{plugin}:NAME"')
    if isinstance(found, type):
        found = (found,)
    if not isinstance(found, (list, tuple)) or not found:
        return Plugin((), "it holds no rules", f"{attribute} is a list of subclasses of Rule")
    for one in found:
        problem = _problem(one)
        if problem is not None:
            return Plugin((), *problem)
    return Plugin(tuple(found))


def _import_help(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError):
        return 'install it, or name a file: "./rules.py"'
    return None


def _line(text: str) -> str:
    """Return a text on one line, and not too much of it."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:199] + "…"


def _problem(one: Any) -> tuple[str, str] | None:
    """Return why something is no rule, and what to do; None where it is one."""
    if not (isinstance(one, type) and issubclass(one, Rule)):
        return f"{_line(repr(one))} is no rule", "a rule is a subclass of qtopo.rules.base.Rule"
    name, code = getattr(one, "name", None), getattr(one, "code", None)
    shown = one.__qualname__
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        return (
            f"{shown}.name cannot be {_line(repr(name))}",
            "a name is lower-case words with hyphens between, such as 'queue-unowned'",
        )
    if not isinstance(code, str) or not re.fullmatch(CODE, code):
        return (
            f"{shown}.code cannot be {_line(repr(code))}",
            "codes of your own are X, letters if you like, and digits: 'X001', 'XSHOP12'",
        )
    if getattr(one, "severity", None) not in SEVERITIES:
        return (
            f"{shown}.severity cannot be {_line(repr(getattr(one, 'severity', None)))}",
            f"it is one of {', '.join(SEVERITIES)}",
        )
    if one.check is Rule.check:
        return f"{shown} has no method check", "check(self, context) yields findings"
    options: Any = one.options
    if not isinstance(options, Mapping):
        return f"{shown}.options cannot be {_line(repr(options))}", "it maps names to Option"
    for key, option in options.items():
        if not isinstance(key, str) or not isinstance(option, Option):
            return f"{shown}.options holds {_line(repr(option))}", "it maps names to Option"
    needs: Any = one.needs
    if not isinstance(needs, (tuple, list)) or not all(isinstance(part, str) for part in needs):
        return f"{shown}.needs cannot be {_line(repr(needs))}", 'it is a tuple: ("queues",)'
    return None
