"""Hypothesis strategies: topologies with mistakes in them, and the same ones in another order."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from strategies import topologies

if TYPE_CHECKING:
    from collections.abc import Iterator

NASTY = (
    *(5, -1, "", "x", "#", "*", True, False, [], ["x"], {}, {"x": 5}, 1.5, "10m", "quorum"),
    *([{}], [[]], {"b": 1, "a": {"z": 1, "y": 2}}),
)


@st.composite
def flawed(draw: Any, examples: list[dict[str, Any]]) -> dict[str, Any]:
    """A topology with mistakes: up to three examples in one, or a random one, and some changes.

    A change drops a value, replaces it by another of any type or by one that
    stands elsewhere in the same file, or puts a second of it beside it, in a
    table under a name that is nearly the same.
    """
    if draw(st.integers(0, 3)):
        data: dict[str, Any] = {}
        for one in draw(st.lists(st.sampled_from(examples), min_size=1, max_size=3)):
            _merge(data, one)
    else:
        data = draw(topologies())
    for _ in range(draw(st.integers(0, 4))):
        paths = list(_paths(data, ()))
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        around = data
        for part in path[:-1]:
            around = around[part]
        change = draw(st.sampled_from(["drop", "nasty", "other", "twin"]))
        if change == "drop":
            del around[path[-1]]
        elif change == "nasty":
            around[path[-1]] = copy.deepcopy(draw(st.sampled_from(NASTY)))
        elif change == "twin" and isinstance(around, list):
            around.append(copy.deepcopy(around[path[-1]]))
        elif change == "twin":
            name = draw(st.sampled_from([path[-1].upper(), f"a{path[-1]}", f"{path[-1]}-2"]))
            around[name] = copy.deepcopy(around[path[-1]])
        else:
            value: Any = data
            for part in draw(st.sampled_from(paths)):
                value = value[part]
            around[path[-1]] = copy.deepcopy(value)
    return data


def _merge(data: dict[str, Any], more: dict[str, Any]) -> None:
    """Put another file's tables into a file's: lists go on, of other values the first counts."""
    for key, value in more.items():
        old = data.setdefault(key, copy.deepcopy(value))
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        elif isinstance(old, list) and isinstance(value, list) and old != value:
            old.extend(copy.deepcopy(value))


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from _paths(one, (*path, key))


@st.composite
def shuffled(draw: Any, value: Any) -> Any:
    """The same tables with their keys in another order; lists keep theirs."""
    if isinstance(value, list):
        return [draw(shuffled(one)) for one in value]
    if not isinstance(value, dict):
        return value
    keys = draw(st.permutations(list(value))) if len(value) > 1 else list(value)
    return {key: draw(shuffled(value[key])) for key in keys}
