"""What the file has no place for, as the lines of comments: short enough, and without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.importers.sound import names_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST = 2000
_DEEPEST = 12
_SHOWN = 20
_HIDDEN = "a secret, not shown"
_HASH = re.compile(r"hash|salt|pass(?:phrase|code)?$|auth", re.IGNORECASE)


def inline(value: Any) -> str:
    """Return a value of JSON as TOML writes it on one line, without secrets, cut where long."""
    text = _text(safe(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def pairs(table: Mapping[str, Any]) -> list[str]:
    """Return a table as lines of `key = value`."""
    return [f"{_key(key)} = {inline(value)}" for key, value in safe(table).items()]


def names(found: Iterable[str], most: int = _SHOWN) -> str:
    """Return names for a sentence: the first of them, and how many more."""
    every = sorted(found)
    said = ", ".join(f"{one!r}" if len(one) <= 100 else f"{one[:97]!r}..." for one in every[:most])
    return f"{said} and {len(every) - most} more" if len(every) > most else said


def count(found: int, what: str) -> str:
    """Return a number of things for a sentence: `1 user`, `2 users`."""
    return f"{found} {what}" if found == 1 else f"{found} {what}s"


def safe(value: Any, depth: int = 0) -> Any:
    """Return a value of JSON with every secret replaced, and what is nested too deep."""
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str) and _secret(name, value.get("value")):
            value = {**value, "value": _HIDDEN}
        return {
            key: _HIDDEN if _secret(key, one) else safe(one, depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [safe(one, depth + 1) for one in value]
    return without_userinfo(value) if isinstance(value, str) else value


def without_userinfo(text: str) -> str:
    """Return a text with user, password and query of every URL in it left out.

    Rather more than too little is hidden: everything up to the last `@`.
    """
    start = text.find("://")
    if start < 0:
        return text
    head, rest = text[: start + 3], text[start + 3 :]
    if "@" in rest:
        rest = "***@" + rest.rpartition("@")[2]
    if "?" in rest:
        rest = rest.partition("?")[0] + "?***"
    return head + rest


def _secret(name: str, value: Any) -> bool:
    return value not in (None, "", [], {}) and bool(names_secret(name) or _HASH.search(name))


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key, re.ASCII) else _text(key)


def _text(value: Any) -> str:
    import json

    match value:
        case dict():
            inner = ", ".join(f"{_key(key)} = {_text(one)}" for key, one in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list():
            return f"[{', '.join(map(_text, value))}]"
        case str():
            # Strings of JSON are strings of TOML, but for lone surrogates.
            return json.dumps(value[: _LONGEST + 1], ensure_ascii=not value.isprintable())
    return json.dumps(value)
