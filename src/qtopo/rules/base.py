"""What a rule is.

A rule is one class in one file; its docstring is its page. It reads the
topology and yields findings that name key paths. It never computes a line.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from qtopo.rules.order import by_name
from qtopo.topology.finding import At, Finding
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qtopo.topology.finding import Fix, Path
    from qtopo.topology.model import Kind
    from qtopo.topology.topology import Topology

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Option(NamedTuple):
    """What a user may set of a rule, under `[lint.rules.NAME]`.

    `kind` (see `qtopo.topology.kinds`) reads and describes the value, as for any
    key of the file; `default` holds where it is not set, None for "not at all".
    """

    kind: Kind
    doc: str
    default: Any = None


class Context:
    """What a rule may read: the topology, and which parts of the file are broken.

    The tables of `topology` are in the order of their names, whatever the file says.
    `broken` are the key paths of errors of shape. What they named could not be
    read, so the topology says nothing about it. `memory` is for what several
    rules derive from the two. `options` are the values set, by rule and option.
    """

    def __init__(
        self,
        topology: Topology,
        broken: Sequence[Path] = (),
        options: Mapping[str, Mapping[str, Any]] = _NOTHING,
    ) -> None:
        self.topology = by_name(topology)
        self.wiring = self.topology.wiring
        self.broken = tuple(broken)
        self.memory: dict[str, Any] = {}
        self._options = options
        self._broken = set(self.broken)
        self._around_broken = {path[:length] for path in broken for length in range(len(path))}

    def option(self, rule: Rule, name: str) -> Any:
        """Return the value of one of the rule's options: as set, else its default."""
        return self._options.get(rule.name, _NOTHING).get(name, rule.options[name].default)

    def is_whole(self, pattern: str) -> bool:
        """Whether nothing under `pattern` is broken, such as `workers.*.queues`."""
        parts = pattern.split(".")
        return not any(_touches(path, parts) for path in self.broken)

    def is_sound(self, *path: str | int) -> bool:
        """Whether nothing at, under or above one key path is broken."""
        if not self._broken:
            return True
        return path not in self._around_broken and not any(
            path[:length] in self._broken for length in range(len(path) + 1)
        )


def _touches(path: Path, parts: list[str]) -> bool:
    """Whether a broken path is at, under, or above what a pattern names."""
    return all(fnmatchcase(str(one), part) for one, part in zip(path, parts, strict=False))


class Rule:
    """One thing that can be wrong with a topology.

    `name` is the rule's name in output and suppressions, `code` its stable
    number, `severity` one of `error`, `warning` and `info`; `worst` is said where
    some findings are more severe than that. `needs` lists the
    parts of the file whose absence the rule would take for a fact: where one is
    broken the rule stays silent, since the file says more than could be read.
    `options` are what a user may set; `context.option(self, "name")` reads one.
    """

    name: ClassVar[str]
    code: ClassVar[str]
    severity: ClassVar[str]
    worst: ClassVar[str | None] = None
    needs: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[Mapping[str, Option]] = _NOTHING

    def check(self, context: Context) -> Iterator[Finding]:
        """Yield what is wrong."""
        raise NotImplementedError

    def finding(
        self,
        message: str,
        at: Path | At,
        *,
        help: str | None = None,
        related: Iterable[tuple[str, Path | At]] = (),
        severity: str | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """Return a finding of this rule at a key path."""
        return Finding(
            self.name,
            self.code,
            severity or self.severity,
            message,
            _at(at),
            help,
            tuple((text, _at(one)) for text, one in related),
            fix=fix,
        )


def _at(spot: Path | At) -> At:
    return spot if isinstance(spot, At) else At(spot)


def hint(word: str, names: Iterable[str], otherwise: str) -> str:
    """Return `did you mean 'x'?`, or the other way out where no name is near."""
    return did_you_mean(word, names) or otherwise


def respell(path: Path, word: str, names: Iterable[str]) -> Fix | None:
    """Return the fix that writes the one name that was meant; None where that is not sure."""
    from qtopo.topology.corrections import meant
    from qtopo.topology.finding import put

    name = meant(word, names)
    return None if name is None else put(path, name)


def header(section: str, name: str) -> str:
    """Return the header that declares a name: `[queues.emails]`."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    if bare:
        return f"[{section}.{name}]"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{section}."{quoted}"]'
