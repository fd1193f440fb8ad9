"""Answers as JSON holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Return a value of the routing layer as JSON has it: named tuples become objects."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if value == ():
        return []
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is not None:
            return {name: plain(one) for name, one in zip(fields, value, strict=True)}
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, set, frozenset)):
        return [plain(one) for one in value]
    # A date or time of TOML, bytes, or an object of a caller's own.
    return str(value)
