"""Values whose shape is not ours to say: arguments, settings, overlays."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtopo.topology.kinds import INT64
from qtopo.topology.model import INVALID, TYPES, describe, wrong_type

if TYPE_CHECKING:
    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader

_DEEPEST = 64


class Raw:
    """Any TOML value but dates, frozen: tables become read-only mappings, lists tuples."""

    def __init__(self, only: type | None = None) -> None:
        self.only = only

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the frozen value."""
        if self.only is not None and type(value) is not self.only:
            return wrong_type(TYPES[self.only], value, path, reader)
        return self._freeze(value, path, reader, 0)

    def _freeze(self, value: Any, path: Path, reader: Reader, depth: int) -> Any:
        kind = type(value)
        if kind is str or kind is bool:
            return value
        if kind is int:
            if -INT64 <= value < INT64:
                return value
            reader.add("invalid-value", path, f"{describe(path)} does not fit 64 bits")
            return INVALID
        if kind is float:
            if value - value == 0:
                return value
            reader.add("invalid-value", path, f"{describe(path)} is not a finite number")
            return INVALID
        if depth == _DEEPEST:
            reader.add("invalid-value", path[:8], f"{describe(path[:8])} is nested too deep")
            return INVALID
        if kind is list:
            items = [
                self._freeze(one, (*path, index), reader, depth + 1)
                for index, one in enumerate(value)
            ]
            return tuple(one for one in items if one is not INVALID)
        if kind is dict:
            table = {
                key: self._freeze(one, (*path, key), reader, depth + 1)
                for key, one in value.items()
            }
            return MappingProxyType({k: one for k, one in table.items() if one is not INVALID})
        reader.add("wrong-type", path, f"{describe(path)}: a date or time is not supported here")
        return INVALID

    def blank(self) -> Any:
        """Return an empty table, or nothing."""
        return MappingProxyType({}) if self.only is dict else None

    def write(self, value: Any) -> Any:
        """Return plain lists and dicts."""
        return thaw(value)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what any value of that type matches."""
        if self.only is None:
            return {}
        return {"type": "object" if self.only is dict else "array"}


def thaw(value: Any) -> Any:
    """Return a frozen value as plain lists and dicts, new ones at every call."""
    if isinstance(value, MappingProxyType):
        return {key: thaw(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [thaw(one) for one in value]
    return value
