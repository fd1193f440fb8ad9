"""What the file says of a thing, as plain values, and the labels of edges."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from qtopo.diagnostics.secrets import masked
from qtopo.topology.model import Model
from qtopo.topology.raw import thaw
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from qtopo.topology.beat import Entry
    from qtopo.topology.exchanges import Binding
    from qtopo.topology.finding import Path


STARS = "******"
_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret|(^|_)(pwd|token)$|(access|api|private|account)_?key",
    re.IGNORECASE,
)
"""Names that promise a secret."""
_HARMLESS = re.compile(r"(true|false|none|null)?$|\$|/|env:|\{\{|%\(", re.IGNORECASE)
"""What is no secret whatever its name: nothing, a path, or what is filled in later."""


def shown(key: str, value: Any) -> Any:
    """Return a value with stars for its secrets, however deep they are; `key` is its name."""
    if isinstance(value, str):
        if _is_secret(key) and "://" not in value and not _HARMLESS.match(value):
            return STARS
        return masked(value)
    if isinstance(value, dict):
        return {name: shown(str(name), one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(key, one) for one in value]
    return value


@cache
def _is_secret(key: str) -> bool:
    return _SECRET.search(key) is not None


def facts(model: Model, *, without: Container[str] = ()) -> dict[str, Any]:
    """Return a table's keys as strings, numbers, lists and dicts; what is not said is left out."""
    found = {}
    for key in model.KEYS:
        if key not in without:
            value = getattr(model, key)
            if value is not None and value != () and value != {}:
                found[key] = facts(value) if isinstance(value, Model) else thaw(value)
    return found


def binding_label(exchange_type: str | None, binding: Binding) -> str:
    """Return what a binding asks of a message; nothing where the exchange asks for nothing."""
    return message_label(exchange_type, binding.routing_key, binding.arguments)


def message_label(exchange_type: str | None, key: str | None, headers: Mapping[str, Any]) -> str:
    """Return what an exchange of a type looks at: the key, the headers, or nothing."""
    if exchange_type == "fanout":
        return ""
    if exchange_type == "headers":
        return ", ".join(f"{name}={value}" for name, value in headers.items())
    return key or ""


def schedule(entry: Entry) -> str:
    """Return when an entry is sent, in few words."""
    if entry.crontab is not None:
        return entry.crontab
    if entry.every is not None:
        return f"every {format_duration(entry.every)}"
    if entry.solar is not None and entry.solar.event is not None:
        return str(entry.solar.event).replace("_", " ")
    return ""


def step_label(path: Path) -> str:
    """Return a step's place in its workflow, from the key path below the workflow.

    Steps of a chain are counted, those side by side have letters: `2b` is the
    second of those that make up step 2. The body of a chord is `2 then`.
    """
    label = ""
    side_by_side = False
    for part in path:
        if part == "body":
            label += " then"
        elif isinstance(part, int):
            step = _letters(part) if side_by_side else str(part + 1)
            # `2b.1` is a chain within parallel steps; a letter follows a number at once.
            label += f".{step}" if label and not (side_by_side and label[-1].isdigit()) else step
        else:
            side_by_side = part in ("group", "header")
    return label.strip()


def _letters(index: int) -> str:
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
