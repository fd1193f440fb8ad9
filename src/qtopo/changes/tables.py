"""Tables of the file compared key by key, for what no broker keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.changes.change import ADDED, CHANGED, HARMLESS, REMOVED, RESTART, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.model import Model

WHY = {
    HARMLESS: "nothing that runs depends on it",
    RESTART: "processes take it when they start",
}

Judge = "Callable[[str, Any, Any], tuple[str, str]]"


def written(model: Model | None) -> dict[str, Any]:
    """Return a table as the file writes it, keys at their default left out; {} for None."""
    return {} if model is None else model.write()


def facts(
    kind: str,
    name: str,
    old: Model | None,
    new: Model | None,
    path: Path,
    classes: Mapping[str, str],
    why: Mapping[str, str] = WHY,
) -> Iterator[Change]:
    """Yield the keys of `classes` that differ, each with the class it has there."""

    def judge(key: str, before: Any, after: Any) -> tuple[str, str] | None:  # noqa: ARG001
        effect = classes.get(key)
        return None if effect is None else (effect, why[effect])

    yield from keys(kind, name, written(old), written(new), path, judge)


def keys(
    kind: str,
    name: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    path: Path,
    judge: Callable[[str, Any, Any], tuple[str, str] | None],
) -> Iterator[Change]:
    """Yield every key of two tables that differs; `judge` gives class and reason, or None."""
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before == after and type(before) is type(after):
            continue
        verdict = judge(key, before, after)
        if verdict is not None:
            place = (*path, key)
            yield Change(
                verdict[0],
                kind,
                name,
                CHANGED,
                key,
                before,
                after,
                verdict[1],
                place if key in old else path,
                place if key in new else path,
            )


def named(
    kind: str,
    section: Path,
    old: Mapping[str, Model],
    new: Mapping[str, Model],
    *,
    added: Callable[[str], tuple[str, str]],
    removed: Callable[[str], tuple[str, str]],
    changed: Callable[[str, str, Any, Any], tuple[str, str] | None],
) -> Iterator[Change]:
    """Yield what differs between two sections of named tables; the functions judge."""
    for name in dict.fromkeys((*old, *new)):
        path = (*section, name)
        if name not in new:
            effect, why = removed(name)
            table = written(old[name])
            yield Change(effect, kind, name, REMOVED, None, table, None, why, path, None)
        elif name not in old:
            effect, why = added(name)
            table = written(new[name])
            yield Change(effect, kind, name, ADDED, None, None, table, why, None, path)
        else:

            def judge(
                key: str, before: Any, after: Any, name: str = name
            ) -> tuple[str, str] | None:
                return changed(name, key, before, after)

            yield from keys(kind, name, written(old[name]), written(new[name]), path, judge)
