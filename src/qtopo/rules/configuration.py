"""What users decide about rules: which run, how severe they are, and their options.

Layers of decisions, each of which beats those before it: pyproject.toml, the
topology, the command line. Names of rules are judged here, since only here is
it known which rules there are.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.topology.code_rules import FAMILY as CODE
from qtopo.topology.code_rules import RULES as CODE_RULES
from qtopo.topology.finding import ERROR
from qtopo.topology.lint import OFF
from qtopo.topology.model import INVALID
from qtopo.topology.shape import SHAPES, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qtopo.rules.base import Rule
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.lint import Lint

SHAPE = "shape"
"""The family of errors of shape."""

_PREFIX = r"QT[0-9]*|X[A-Z]*[0-9]*"
_EXACT = 1000
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Layer(NamedTuple):
    """Decisions from one place: `path` is where they stand, `folder` where its files are."""

    lint: Lint
    path: Path = ("lint",)
    folder: str = ""


class Known(NamedTuple):
    """One kind of finding; `fixed` says that nobody may turn it off."""

    name: str
    code: str
    family: str
    fixed: bool
    rule: type[Rule] | None


class Config(NamedTuple):
    """What was decided. `off`, `severity` and `options` are by rule, `extra` the rules of plugins.

    `tuned` are the rules that have options set: they run whatever the topology has.
    `complete` says that all rules are known, so that another name is a typo.
    """

    off: frozenset[str] = frozenset()
    severity: Mapping[str, str] = _NOTHING
    options: Mapping[str, Mapping[str, Any]] = _NOTHING
    extra: tuple[type[Rule], ...] = ()
    tuned: tuple[type[Rule], ...] = ()
    complete: bool = True

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that were asked for, as severe as was asked for."""
        return [
            one._replace(severity=self.severity[one.rule]) if one.rule in self.severity else one
            for one in findings
            if one.rule not in self.off
        ]


def resolve(layers: Sequence[Layer], *, plugins: bool = True) -> tuple[Config, list[list[Finding]]]:
    """Return what layers decide, the last one's word counting, and what is wrong with each.

    Raises PluginError where an installed plugin is unusable. Without `plugins`
    none is imported, and names that may be theirs are let pass.
    """
    from qtopo.rules import extra
    from qtopo.rules.installed import may_be_installed

    readers = [Reader() for _ in layers]
    found = extra.Extra()
    if plugins:
        found.add_installed()
        for layer, reader in zip(layers, readers, strict=True):
            found.add_named(layer, reader)
    complete = found.complete
    if not plugins:
        complete = not any(one.lint.plugins for one in layers) and not may_be_installed()
    if not layers:
        return Config(extra=found.rules, complete=complete), []
    kinds = known(found.rules)
    off: set[str] = set()
    severity: dict[str, str] = {}
    options: dict[str, dict[str, Any]] = {}
    for layer, reader in zip(layers, readers, strict=True):
        _Judge(layer, reader, kinds, complete).run(off, severity, options)
    tuned = tuple(one.rule for one in kinds if one.rule is not None and one.name in options)
    config = Config(frozenset(off), severity, options, found.rules, tuned, complete)
    return config, [reader.findings for reader in readers]


def known(extra: Sequence[type[Rule]] = ()) -> list[Known]:
    """Return every kind of finding there is; imports all rules."""
    from qtopo.rules import page, registry

    kinds = [
        Known(name, one.code, SHAPE, one.severity == ERROR, None) for name, one in SHAPES.items()
    ]
    rules = (*registry.rules(), *extra)
    kinds += [Known(one.name, one.code, page.family(one), False, one) for one in rules]
    return kinds + [Known(name, one.code, CODE, False, None) for name, one in CODE_RULES.items()]


def names(kinds: Iterable[Known]) -> list[str]:
    """Return what a rule can be called, the names first."""
    kinds = list(kinds)
    return list(
        dict.fromkeys(
            [one.name for one in kinds]
            + [one.code for one in kinds]
            + [one.family for one in kinds]
        )
    )


def closeness(kind: Known, word: str) -> int:
    """Return how closely a word names a kind, 0 for not at all; an exact name is the closest."""
    if word in (kind.name, kind.code):
        return _EXACT
    if kind.code.startswith(word) and re.fullmatch(_PREFIX, word):
        return 1 + len(word)
    return 1 if word == kind.family else 0


class _Judge:
    """Reads one layer against the rules there are."""

    def __init__(
        self, layer: Layer, reader: Reader, kinds: Sequence[Known], complete: bool
    ) -> None:
        self.lint = layer.lint
        self.path = layer.path
        self.reader = reader
        self.kinds = kinds
        self.complete = complete

    def run(
        self, off: set[str], severity: dict[str, str], options: dict[str, dict[str, Any]]
    ) -> None:
        """Add the layer's decisions to those of the layers before it."""
        lint = self.lint
        for index, word in enumerate(lint.select or ()):
            self._check(word, ("select", index))
        for index, word in enumerate(lint.ignore):
            self._check(word, ("ignore", index), silences=True)
        for word, wanted in lint.severity.items():
            self._check(word, ("severity", word), silences=True, part="key", change=wanted)
        for kind in self.kinds:
            if kind.fixed:
                continue
            chosen = self._closest(kind, lint.select or ())
            left_out = self._closest(kind, lint.ignore)
            if lint.select is not None:
                off.discard(kind.name) if chosen else off.add(kind.name)
            if left_out and left_out >= chosen:
                off.add(kind.name)
            nearest = max(lint.severity, key=lambda word: closeness(kind, word), default="")
            level = lint.severity[nearest] if closeness(kind, nearest) else ""
            if level == OFF:
                off.add(kind.name)
            elif level:
                severity[kind.name] = level
        for name, given in lint.rules.items():
            self._options(name, given, options)

    def _closest(self, kind: Known, words: Sequence[str]) -> int:
        return max((closeness(kind, word) for word in words), default=0)

    def _check(
        self,
        word: str,
        path: Path,
        *,
        silences: bool = False,
        part: str = "value",
        change: str = "",
    ) -> None:
        """Report a word that names nothing, or what nobody may turn off."""
        if not word:
            return  # it could not be read, and that was said
        hits = [kind for kind in self.kinds if closeness(kind, word)]
        if not hits and self.complete:
            self._unknown(word, path, names(self.kinds), part)
        elif silences and hits and all(kind.fixed for kind in hits) and change != ERROR:
            self.reader.add(
                "invalid-value",
                (*self.path, *path),
                f"{word!r} is an error of shape, which cannot be ignored",
                help="the file holds no topology, or not this one, until it is mended",
                part=part,
            )

    def _unknown(self, word: str, path: Path, among: Sequence[str], part: str) -> None:
        from qtopo.topology.suggest import did_you_mean

        self.reader.add(
            "invalid-value",
            (*self.path, *path),
            f"no rule, code or family is called {word!r}",
            help=did_you_mean(word, among) or "`qtopo rules` lists them all",
            part=part,
        )

    def _options(
        self, name: str, given: Mapping[str, Any], options: dict[str, dict[str, Any]]
    ) -> None:
        from qtopo.topology.raw import thaw
        from qtopo.topology.suggest import did_you_mean

        path = (*self.path, "rules", name)
        rule = next((one.rule for one in self.kinds if one.name == name), None)
        if rule is None or not rule.options:
            if rule is None and self.complete and name not in SHAPES:
                with_options = [one.name for one in self.kinds if one.rule and one.rule.options]
                self._unknown(name, ("rules", name), with_options, "table")
            elif rule is not None or name in SHAPES:
                self.reader.add(
                    "invalid-value", path, f"rule {name!r} has no options", part="table"
                )
            return
        for key, value in given.items():
            option = rule.options.get(key)
            if option is None:
                self.reader.add(
                    "unknown-key",
                    (*path, key),
                    f"rule {name!r} has no option {key!r}",
                    help=did_you_mean(key, rule.options) or f"it takes {', '.join(rule.options)}",
                    part="key",
                )
                continue
            read = option.kind.read(thaw(value), (*path, key), self.reader)
            if read is not INVALID:
                options.setdefault(name, {})[key] = read
