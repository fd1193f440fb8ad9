"""Values and keys as TOML text, in the manner of the text that they replace."""

from __future__ import annotations

import re
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}


def key_text(key: str, old: str = "") -> str:
    """Return a key as it is written, quoted as the old one was."""
    if _BARE.fullmatch(key) and not old.startswith(('"', "'")):
        return key
    return _string(key, old)


def value_text(value: Any, old: str = "", was: Any = None) -> str:
    """Return a value as it is written; `old` is the text that it replaces, which means `was`.

    A value that is put in a list keeps its own text. Raises TypeError for what
    has no simple text.
    """
    if old and type(value) is list and len(value) == 1 and _alike(value[0], was):
        return f"[{old}]"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) in (int, float):
        return repr(value)
    if type(value) is str:
        return _string(value, old)
    if type(value) is list:
        return "[" + ", ".join(map(value_text, value)) + "]"
    if value == {}:
        return "{}"
    raise TypeError(f"no text for {type(value).__name__}")


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _string(text: str, old: str) -> str:
    if old.startswith("'") and "'" not in text and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if character < " " or character == "\x7f" else character
