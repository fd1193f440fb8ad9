"""What the page says of a node: what the file says, key by key, without its secrets.

A page is put where many can read it: values of a worker's environment are never
written, and strings under keys that hold secrets become dots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.diagnostics.secrets import masked
from qtopo.graph.captions import change_lines, value_text
from qtopo.graph.picture.metrics import visible
from qtopo.topology.beat import Entry
from qtopo.topology.exchanges import Exchange
from qtopo.topology.queues import Queue
from qtopo.topology.routes import Route
from qtopo.topology.tasks import Resource, Task
from qtopo.topology.workers import Machine, Worker

if TYPE_CHECKING:
    from qtopo.topology.model import Model

DOTS = "••••••"
_OWN = {
    "kind", "label", "path", "missing", "implicit", "findings", "change", "changes", "before",
    "index", "match",
}  # fmt: skip
"""What the graph says of itself, and what the page shows by other means."""
_READ = 2_000
"""Up to so many characters `masked` looks at all of a text."""
_FIRST = ("description", "owner")
_MODELS: dict[str, type[Model]] = {
    "beat": Entry,
    "task": Task,
    "route": Route,
    "exchange": Exchange,
    "queue": Queue,
    "worker": Worker,
    "machine": Machine,
    "resource": Resource,
}
_OPEN = {"env"}
"""Tables of which the names alone are shown."""


def facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return pairs of key and text; description and owner come first."""
    found = [("changed", visible(line)) for line in change_lines(_without_secrets(data), most=None)]
    keys = [key for key in _FIRST if key in data]
    keys += [key for key in data if key not in _OWN and key not in _FIRST]
    for key in keys:
        value = data[key]
        if _plain(data["kind"], key, value):
            continue
        if key in _OPEN and isinstance(value, dict):
            text = ", ".join(value)
        else:
            text = value_text(key, hidden(key, value))
        # The page breaks lines itself: a description may have some.
        lines = (visible(line) for line in text.splitlines())
        found.append((visible(key.replace("_", " ")), "\n".join(lines)))
    return found


def _plain(kind: str, key: str, value: Any) -> bool:
    """Whether a fact says nothing: a flag as it is by default, the one pattern of a route."""
    if isinstance(value, bool):
        model = _MODELS.get(kind)
        field = model.KEYS.get(key) if model else None
        return field is not None and value is field.default
    return key == "patterns" and len(value) < 2


def findings(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return severity, rule and message of what the rules found."""
    return [
        (str(one["severity"]), str(one["rule"]), visible(safe(str(one["message"]))))
        for one in data.get("findings", ())
    ]


def hidden(key: str, value: Any) -> Any:
    """Return a value with dots for what must not be shown, however deep it is."""
    if isinstance(value, dict):
        if key in _OPEN:
            return dict.fromkeys(value, DOTS)
        return {name: hidden(str(name), one) for name, one in value.items()}
    if isinstance(value, list):
        return [hidden(key, one) for one in value]
    if isinstance(value, str):
        # Asked as the file would write it: the name of the key tells.
        probe = f'{key}="x"'
        return DOTS if value and masked(probe) != probe else safe(value)
    return value


def safe(text: str) -> str:
    """Return a text with stars for its secrets; what is too long to be looked at is cut."""
    if len(text) <= _READ:
        return masked(text)
    return ",".join(
        masked(part) if len(part) <= _READ else masked(part[:_READ]) + "…"
        for part in text.split(",")
    )


def _without_secrets(data: dict[str, Any]) -> dict[str, Any]:
    """Return what changed of a node, both values hidden as facts are."""
    changes = {
        key: (hidden(key, old), hidden(key, new))
        for key, (old, new) in data.get("changes", {}).items()
    }
    return {"changes": changes}
