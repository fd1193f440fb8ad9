"""No rule raises, and none cascades, where a part of a file is broken.

Every example of every rule is taken, and each of its values in turn replaced
by one of another type, dropped, or emptied.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import tomli

from qtopo.rules import engine, page, registry
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Rule

GONE = object()
BAD: tuple[Any, ...] = (5, "", "x", True, [], [5], {}, {"x": 5}, 1.5, GONE)


@pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.name)
def test_no_rule_raises_on_a_broken_file(rule: type[Rule]) -> None:
    example = tomli.loads(page.blocks(page.read(rule).sections[page.EXAMPLE])[0])
    for path in list(_paths(example, ())):
        for bad in BAD:
            topology, findings = Topology.from_data(_changed(example, path, bad))
            outcome = engine.run(topology, findings, registry.rules())
            assert not outcome.faults, (path, bad, outcome.faults[0].traceback)


@pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.name)
def test_an_error_of_shape_is_the_only_error(rule: type[Rule]) -> None:
    """A clean file with one value of the wrong type gets one error: what it broke is not judged."""
    clean = tomli.loads(page.blocks(page.read(rule).sections[page.INSTEAD])[0])
    for path in list(_paths(clean, ())):
        if "arguments" in path or "settings" in path or "options" in path or path[0] == "include":
            # What stands there may have any type.
            continue
        bad = 5.5 if isinstance(_at(clean, path), str | bool | list | dict) else "five"
        topology, findings = Topology.from_data(_changed(clean, path, bad))
        shape = [one for one in findings if one.severity == "error"]
        if not shape or any(one.at.path != path for one in shape):
            continue
        outcome = engine.run(topology, findings, registry.rules())
        errors = [one for one in outcome.findings if one.severity == "error"]
        assert not errors, (path, bad, [(one.rule, one.at.path, one.message) for one in errors])


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from _paths(one, (*path, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _changed(data: dict[str, Any], path: tuple[Any, ...], bad: Any) -> dict[str, Any]:
    changed = copy.deepcopy(data)
    around = _at(changed, path[:-1])
    if bad is GONE:
        del around[path[-1]]
    else:
        around[path[-1]] = copy.deepcopy(bad)
    return changed
