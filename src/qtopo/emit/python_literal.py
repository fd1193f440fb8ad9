"""Python source for plain values: our own writer.

What it writes is a fixed point of `ruff format` with its defaults (and so of
black), so that a project's formatter never touches an emitted file. It knows
nothing of settings.
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WIDTH = 88
_INDENT = "    "
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Call(NamedTuple):
    """A call of `function`, a dotted name."""

    function: str
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}


class Either(NamedTuple):
    """`one or other`."""

    one: Any
    other: Any


class Item(NamedTuple):
    """`table["key"]`; short enough to stand on one line."""

    table: str
    key: str


class Spread(NamedTuple):
    """A list, tuple or dict that is written one item a line, even where it would fit in one."""

    value: list[Any] | tuple[Any, ...] | dict[Any, Any]


def assignment(name: str, value: Any) -> str:
    """Return `name = value` as lines without an end of line at the last."""
    flat = _flat(value)
    if flat is not None and _fits(f"{name} = {flat}"):
        return f"{name} = {flat}"
    if isinstance(value, Either):
        one, other = _flat(value.one), _flat(value.other)
        joined = f"{_INDENT}{one} or {other}"
        inside = joined if _fits(joined) else f"{_INDENT}{one}\n{_INDENT}or {other}"
        return f"{name} = (\n{inside}\n)"
    if isinstance(value, str):
        # Parentheses stay only where they make it fit, which depends on how wide
        # the formatter takes each character for: write it with narrow ones.
        text = string(value, ascii_only=True)
        if _fits(f"{name} = {text}"):
            return f"{name} = {text}"
        if _fits(_INDENT + text):
            return f"{name} = (\n{_INDENT}{text}\n)"
        return f"{name} = {text}"
    return f"{name} = {expression(value, taken=len(name) + 3)}"


def expression(value: Any, *, depth: int = 0, taken: int = 0) -> str:
    """Return the source of a value that stands `depth` levels deep.

    `taken` is how much of the first line is in use beside the indentation: a
    key before it, a comma behind. What does not fit on the line is written one
    item a line, with a comma behind the last, which the formatter respects.
    """
    flat = _flat(value)
    if flat is not None and depth * len(_INDENT) + taken + width(flat) <= WIDTH:
        return flat
    if isinstance(value, Spread):
        value = value.value
    opening, closing, items = _parts(value)
    if not items:
        return flat or opening + closing
    inner = _INDENT * (depth + 1)
    lines = [
        f"{inner}{prefix}{expression(item, depth=depth + 1, taken=width(prefix) + 1)},\n"
        for prefix, item in items
    ]
    return f"{opening}\n{''.join(lines)}{_INDENT * depth}{closing}"


def string(text: str, *, ascii_only: bool = False) -> str:
    """Return a string literal: double quotes, unless single ones need fewer escapes."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(one, quote, ascii_only) for one in text) + quote


def comment(text: str) -> str:
    """Return a comment of one line: whatever could end it is escaped."""
    return "# " + "".join(one if one == "\\" else _escaped(one, "", False) for one in text)


_WIDER = (
    (0x17A4, 0x17A4),
    (0x17D8, 0x17D8),
    (0x2630, 0x2637),
    (0x268A, 0x268F),
    (0x4DC0, 0x4DFF),
    (0x1D300, 0x1D376),
)
"""Wide in the formatter's tables, which are newer than those of some Pythons."""


def width(text: str) -> int:
    """Return how many columns a line takes, as ruff counts them."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(one: str) -> int:
    wide = unicodedata.east_asian_width(one) in "WF"
    return 2 if wide or any(first <= ord(one) <= last for first, last in _WIDER) else 1


def _escaped(one: str, quote: str, ascii_only: bool) -> str:
    if one == quote:
        return "\\" + one
    if one in _ESCAPES:
        return _ESCAPES[one]
    if _plain(one) and (one.isascii() or not ascii_only):
        return one
    code = ord(one)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _plain(one: str) -> bool:
    """Whether a character is as it looks: combining ones would hide in their neighbour."""
    return one.isprintable() and not unicodedata.category(one).startswith("M")


def _fits(line: str) -> bool:
    return width(line) <= WIDTH


def _flat(value: Any) -> str | None:
    """Return the value on one line, or None where it never stands on one."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, Spread):
        # The comma of a tuple of one belongs to it, and keeps no lines apart.
        alone = type(value.value) is tuple and len(value.value) == 1
        return None if value.value and not alone else _flat(value.value)
    if isinstance(value, Either):
        return f"{_flat(value.one)} or {_flat(value.other)}"
    if isinstance(value, Item):
        return f"{value.table}[{string(value.key)}]"
    if isinstance(value, (Call, list, tuple, dict)):
        opening, closing, items = _parts(value)
        flat = []
        for prefix, item in items:
            text = _flat(item)
            if text is None:
                return None
            flat.append(prefix + text)
        alone = type(value) is tuple and len(flat) == 1
        return opening + ", ".join(flat) + ("," if alone else "") + closing
    return _atom(value)


def _atom(value: Any) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            return f'float("{value}")'
        mantissa, exponent, power = repr(value).partition("e")
        return mantissa + exponent + power.removeprefix("+")
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def _parts(value: Any) -> tuple[str, str, list[tuple[str, Any]]]:
    """Return the brackets of a container, and its items with what stands before each."""
    if isinstance(value, Call):
        items = [("", one) for one in value.arguments]
        items += [(f"{key}=", one) for key, one in value.keywords.items()]
        return f"{value.function}(", ")", items
    if isinstance(value, dict):
        return "{", "}", [(f"{_key(key)}: ", one) for key, one in value.items()]
    if isinstance(value, list):
        return "[", "]", _unnamed(value)
    if type(value) is tuple:
        return "(", ")", _unnamed(value)
    return _flat(value) or "", "", []


def _key(key: Any) -> str:
    flat = _flat(key)
    if flat is None:
        raise TypeError("a key stands on one line")
    return flat


def _unnamed(items: Iterable[Any]) -> list[tuple[str, Any]]:
    return [("", one) for one in items]
