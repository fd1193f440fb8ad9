"""Overlays: `[environments.NAME]` merged over the rest of the file, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.finding import rename
from qtopo.topology.kinds import Named, Table
from qtopo.topology.misspelling import Misspellings
from qtopo.topology.model import Model
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader

_NOT_IN_OVERLAYS = ("include", "lint", "environments")


def names(data: Mapping[str, Any]) -> list[str]:
    """Return the names of the overlays of a file."""
    overlays = data.get("environments")
    return list(overlays) if type(overlays) is dict else []


def overlay(data: dict[str, Any], name: str, without: Collection[Path] = ()) -> dict[str, Any]:
    """Return the file's table with the overlay `name` merged in; `data` stays as it is.

    `without` are tables of the overlay to leave out, by key path.

    Tables are merged, everything else is replaced. A key of the overlay takes
    the place of the keys it excludes. A changed transport drops the base's
    version and options, which are about another broker.
    """
    base = {key: value for key, value in data.items() if key != "environments"}
    over = data["environments"][name]
    if type(over) is not dict:
        return base
    over = {key: value for key, value in over.items() if key not in _NOT_IN_OVERLAYS}
    for section, one in without:
        over[str(section)] = {key: kept for key, kept in over[str(section)].items() if key != one}
    broker, changed = base.get("broker"), over.get("broker")
    if type(broker) is dict and type(changed) is dict:
        transport = changed.get("transport", broker.get("transport"))
        if transport != broker.get("transport"):
            base["broker"] = {
                key: value for key, value in broker.items() if key not in ("version", "options")
            }
    return _merge(base, over, Topology)


def _merge(base: dict[str, Any], over: dict[str, Any], model: type[Model] | None) -> dict[str, Any]:
    merged = dict(base)
    if model is not None:
        for key in over:
            for excluded in _excluded(model, key):
                if excluded not in over:
                    merged.pop(excluded, None)
    for key, value in over.items():
        old = merged.get(key)
        if type(value) is dict and type(old) is dict:
            merged[key] = _merge(old, value, _inner(model, key))
        else:
            merged[key] = value
    return merged


def _excluded(model: type[Model], key: str) -> set[str]:
    excluded = {one for over, others in model.EXCLUSIVE if key == over for one in others}
    excluded.update(over for over, others in model.EXCLUSIVE if key in others)
    if key in model.ONE_OF:
        excluded.update(model.ONE_OF)
        excluded.discard(key)
    return excluded


class _ByName(Model):
    """Stands for a table of names; `inner` is what each name holds."""

    inner: type[Model]


def _inner(model: type[Model] | None, key: str) -> type[Model] | None:
    if model is None:
        return None
    if issubclass(model, _ByName):
        return model.inner
    declared = model.KEYS.get(key)
    kind = None if declared is None else declared.kind
    if isinstance(kind, Table):
        return kind.model
    if isinstance(kind, Named) and isinstance(kind.item, Table):
        return type("_ByName", (_ByName,), {"inner": kind.item.model})
    return None


def _is_named(name: str, data: dict[str, Any], over: dict[str, Any]) -> bool:
    """Whether a value anywhere in the base or in an overlay is this name."""
    todo: list[Any] = [over, *(part for key, part in data.items() if key != "environments")]
    for one in todo:
        if type(one) is dict:
            todo += one.values()
        elif type(one) is list:
            todo += one
        elif one == name:
            return True
    return False


def near_misses(data: dict[str, Any], name: str, reader: Reader) -> set[Path]:
    """Report names that an overlay adds and that are nearly one of the base.

    A table that is complete may be meant; one that lacks what it needs is a
    typo, and so is a queue that nothing else names: nothing more is said of it.
    Returns the key paths of those.
    """
    typos: set[Path] = set()
    over = data["environments"][name]
    if type(over) is not dict:
        return typos
    for section in Topology.SECTIONS:
        base, added = data.get(section), over.get(section)
        if type(base) is not dict or type(added) is not dict:
            continue
        known = Misspellings(base)
        for one, table in added.items():
            near = None if one in base else known.find(one)
            if near is None:
                continue
            model = _inner(_inner(Topology, section), one)
            incomplete = (
                model is not None and type(table) is dict and not model.complete(table)
            ) or (section == "queues" and not _is_named(one, data, over))
            reader.add(
                "typo-in-overlay" if incomplete else "near-miss-overlay",
                ("environments", name, section, one),
                f"environment {name!r} adds {section.removesuffix('s')} {one!r}, "
                f"nearly {near!r} of the base",
                help=f"did you mean {near!r}?",
                part="table",
                fix=rename(("environments", name, section, one), near) if incomplete else None,
            )
            if incomplete:
                typos.add((section, one))
    for key in _NOT_IN_OVERLAYS:
        if key in over:
            reader.add(
                "unknown-key",
                ("environments", name, key),
                f"an overlay cannot hold {key!r}",
                part="key",
            )
    return typos
