"""The order in which the rules see the tables of a file: that of their names.

Whoever moves a table in a file changes nothing that Celery does, so it must not
change what is found: not which of two names is the odd one, nor the one that a
sentence names for all. `[[routes]]` is a list, whose order counts, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology


def by_name(topology: Topology) -> Topology:
    """Return the topology with its tables sorted; itself where they are already."""
    changes: dict[str, Any] = {}
    for key in topology.KEYS:
        table = getattr(topology, key)
        if isinstance(table, Mapping):
            _put(changes, key, table)
    if topology.beat is not None:
        schedule: dict[str, Any] = {}
        _put(schedule, "schedule", topology.beat.schedule)
        if schedule:
            changes["beat"] = topology.beat.replace(**schedule)
    if not changes:
        return topology
    ordered = topology.replace(**changes)
    ordered.attach(topology.source, topology.environment)
    return ordered


def plain(value: Any) -> Any:
    """Return a raw value for a sentence: as TOML has it, tables sorted by key."""
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value


def _put(changes: dict[str, Any], key: str, table: Mapping[str, Any]) -> None:
    names = sorted(table)
    if names != list(table):
        changes[key] = MappingProxyType({name: table[name] for name in names})
