"""What a renderer of differences is given: the values, their places, how they may be shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.diagnostics.secrets import masked
from qtopo.topology.finding import At, Place
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.changes.change import Change, Diff, Step, TaskChange
    from qtopo.topology.topology import Topology

_SECRET = re.compile(r"passw(or)?d|secret|token|api_?key|access_?key|credential", re.IGNORECASE)
_STARS = "***"


class Report(NamedTuple):
    """A diff with what the two files are called; `places` has one for each change."""

    diff: Diff
    old: str
    new: str
    places: tuple[Place | None, ...]
    color: bool = False
    width: int = 100
    unicode: bool = True

    @property
    def changes(self) -> Sequence[tuple[Change, Place | None]]:
        """Each change with its place, secrets masked."""
        return [
            (clean(one), place) for one, place in zip(self.diff.changes, self.places, strict=True)
        ]

    @property
    def tasks(self) -> Sequence[TaskChange]:
        """The tasks that go another way."""
        return self.diff.tasks

    @property
    def steps(self) -> Sequence[Step]:
        """The steps of the roll-out."""
        return self.diff.rollout


def report(diff: Diff, old: str, new: str, **how: Any) -> Report:
    """Return the report of a diff; `how` are colour, width and character set."""
    return Report(diff, old, new, tuple(places(diff)), **how)


def places(diff: Diff) -> list[Place | None]:
    """Return where each change stands: in the new file, what is gone in the old one."""
    found: list[Place | None] = [None] * len(diff.changes)
    for topology, old in ((diff.new, False), (diff.old, True)):
        if topology.source is None:
            continue
        wanted = [index for index, one in enumerate(diff.changes) if (one.new_path is None) == old]
        spots = [At(_path(diff.changes[index]), "value") for index in wanted]
        for index, place in zip(wanted, _located(topology, spots), strict=True):
            found[index] = place
    return found


def _located(topology: Topology, spots: list[At]) -> Sequence[Place | None]:
    located: Sequence[Place | None] = topology.source.locate(spots)
    return located


def _path(one: Change) -> tuple[str | int, ...]:
    return one.new_path if one.new_path is not None else one.old_path or ()


def clean(one: Change) -> Change:
    """Return a change fit to be shown: no secret in its values, only what JSON has."""
    # A queue may well be called `token-refresh`.
    name = one.key or (one.name if one.kind == "setting" else "")
    return one._replace(old=harmless(name, one.old), new=harmless(name, one.new))


def harmless(key: str, value: Any) -> Any:
    """Return a value with stars for its secrets, told by their key or by being in a URL."""
    value = thaw(value)
    if value is not None and not isinstance(value, bool | int | dict) and _SECRET.search(key):
        return _STARS
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {name: harmless(f"{key}.{name}", one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [harmless(key, one) for one in value]
    return value


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the keys of two tables that differ, with both values (None: not given)."""
    return [
        (key, old.get(key), new.get(key))
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
