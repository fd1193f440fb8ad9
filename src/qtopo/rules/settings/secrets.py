"""What looks like a secret: names that promise one, and URLs that hold one."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtopo.topology.common import url_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path

_NAMES = re.compile(
    r"passw(or)?d|passphrase|secret|(^|_)token$|access_?key|api_?key|private_?key|account_?key",
    re.IGNORECASE,
)
_NEVER = frozenset({"sts_token_timeout"})


def secrets(context: Context) -> dict[Path, str]:
    """Return where secrets stand in settings and broker options, and what they look like."""
    found: dict[Path, str] | None = context.memory.get("secrets")
    if found is None:
        topology = context.topology
        found = dict(_within(topology.settings, ("settings",)))
        found.update(_within(topology.broker.options, ("broker", "options")))
        context.memory["secrets"] = found
    return found


def holds_secret(context: Context, *path: str) -> bool:
    """Whether a secret stands at a key path, or under it."""
    return any(one[: len(path)] == path for one in secrets(context))


def _within(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, MappingProxyType):
        for key, one in value.items():
            yield from _within(one, (*path, key))
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from _within(one, (*path, index))
    elif isinstance(value, str) and value:
        if "://" in value and url_password(value):
            yield path, "a URL with a password"
        elif _promises(path):
            yield path, "a secret"


def _promises(path: Path) -> bool:
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    return name not in _NEVER and _NAMES.search(name) is not None
