"""A draft that can be written: what the shape of the file refuses becomes a leftover.

Importers put in what they found; whatever it was, the written file has the shape
of a topology and holds no secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import ERROR, WARNING, Leftover, Note, Path
from qtopo.importers.values import Code, Env, IntervalSpec, Unknown, shown
from qtopo.topology.common import url_password
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from qtopo.importers.draft import Draft

_SECRET = re.compile(
    r"password|passwd|secret|token|api_?key|access_key|credential|private_?key", re.IGNORECASE
)
_KEPT_OUT = "kept-out"
_DEEPEST = 32
_ROUNDS = 50


def make_sound(draft: Draft) -> None:
    """Take out, with a note and a leftover, what cannot be in the file."""
    draft.data = _plain(draft, draft.data, (), 0)
    for _ in range(_ROUNDS):
        _, findings = Topology.from_data(draft.data)
        errors = [one for one in findings if one.severity == ERROR]
        if not errors:
            return
        # The deepest first, and of a list the last: paths of the others stay true.
        paths = {one.at.path: one.message for one in errors}
        for path in sorted(paths, key=lambda one: (len(one), str(one)), reverse=True):
            _refuse(draft, path, paths[path])
    # Something is refused that no path leads to: nothing of it is kept but the leftovers.
    for name in list(draft.data):
        draft.leave(name, shown(draft.data.pop(name), 2000))


def _plain(draft: Draft, value: Any, path: Path, depth: int) -> Any:
    """Return a value as TOML can hold it; what it cannot is left out with a leftover."""
    if isinstance(value, dict):
        if depth >= _DEEPEST:
            return _out(draft, value, path)
        found: dict[str, Any] = {}
        for key, one in value.items():
            name = _text(key) if isinstance(key, str) else str(key)
            kept = (
                _out(draft, one, (*path, name))
                if _is_secret(name, one, path)
                else _plain(draft, one, (*path, name), depth + 1)
            )
            if kept is not None:
                found[name] = kept
        return found
    if isinstance(value, list | tuple):
        if depth >= _DEEPEST:
            return _out(draft, value, path)
        items = [_plain(draft, one, (*path, at), depth + 1) for at, one in enumerate(value)]
        return [one for one in items if one is not None]
    if isinstance(value, str):
        if value.isascii() and "@" not in value:
            return str(value)
        if "://" in value and url_password(value):
            return _out(draft, value, path)
        return _text(value)
    if isinstance(value, IntervalSpec):
        return value.seconds
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else _out(draft, value, path)
    if isinstance(value, float):
        return float(value) if value - value == 0 else _out(draft, value, path)
    if value is None:
        return None
    return _out(draft, value, path)


def _is_secret(name: str, value: Any, path: Path) -> bool:
    """Whether a key holds a secret by its name; names of queues and tasks are only names."""
    if not isinstance(value, str) or not value or value.startswith("env:"):
        return False
    free = path[:1] == ("settings",) or path[:2] == ("broker", "options") or "env" in path
    return free and names_secret(name)


def names_secret(name: str) -> bool:
    """Whether a key of this name holds a secret."""
    return _SECRET.search(name) is not None


def _text(value: str) -> str:
    """Return a text that UTF-8 can hold."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _out(draft: Draft, value: Any, path: Path) -> Any:
    """Keep a value out of the file, and return None; what may be a secret is not repeated."""
    name = ".".join(map(str, path))
    secret = isinstance(value, str)
    if secret:
        message = f"{name} holds a secret: set it where the application starts"
        text = "a secret, not shown"
    elif isinstance(value, Unknown | Code | Env):
        message = f"{name} is not known without running code: {shown(value)}"
        text = shown(value)
    else:
        message = f"{name} cannot be written in TOML: {type(value).__name__}"
        text = shown(value)
    where = draft.origins.get(path) or draft.origins.get(path[:2])
    draft.notes.append(Note(WARNING, message, None, where, _KEPT_OUT))
    draft.leftovers.append(Leftover(name, (f"{path[-1] if path else ''} = {text}",)))
    return None


def _refuse(draft: Draft, path: Path, message: str) -> None:
    """Take a key out that the shape of the file refuses; a missing key takes its table along."""
    owner: Any = draft.data
    way: list[Any] = []
    for key in path:
        try:
            inner = owner[key]
        except (KeyError, IndexError, TypeError):
            break
        way.append((owner, key))
        owner = inner
    if not way:
        return
    owner, key = way[-1]
    value = owner[key]
    where = draft.origins.get(path[:2])
    draft.notes.append(Note(ERROR, f"left out: {message}", None, where, _KEPT_OUT))
    name = ".".join(map(str, path[: len(way)]))
    draft.leftovers.append(Leftover(name, (f"{key} = {shown(value, 2000)}",)))
    if isinstance(owner, list):
        del owner[key]
        _shift(draft, tuple(path[: len(way)]))
        if not owner and len(way) > 1:
            outer, outer_key = way[-2]
            del outer[outer_key]
    else:
        del owner[key]


def _shift(draft: Draft, gone: Path) -> None:
    """Renumber what was said of the items behind one that was taken out of a list."""

    def moved(path: Path | None) -> Path | None:
        if path is None or path[: len(gone) - 1] != gone[:-1] or len(path) < len(gone):
            return path
        at, last = path[len(gone) - 1], gone[-1]
        if not isinstance(at, int) or not isinstance(last, int) or at < last:
            return path
        return None if at == last else (*gone[:-1], at - 1, *path[len(gone) :])

    draft.notes = [one._replace(path=moved(one.path)) for one in draft.notes]
    draft.origins = {
        new: origin for path, origin in draft.origins.items() if (new := moved(path)) is not None
    }
