"""RabbitMQ's export of definitions: exchanges, queues, bindings and what else it holds.

The file is read as JSON within bounds, whoever wrote it, and nothing of it runs.
Users and permissions are named in comments; a password or its hash never is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.errors import UnknownNameError, UnreadableFileError
from qtopo.importers.declarations.json_text import MOST_BYTES, parse
from qtopo.importers.declarations.keep import count, inline, names, pairs
from qtopo.importers.declarations.records import listed, objects_of
from qtopo.importers.declarations.translate import translate
from qtopo.importers.draft import INFO, WARNING, Draft
from qtopo.importers.sound import names_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.sources import Options

_OBJECTS = ("exchanges", "queues", "bindings", "policies")
_SIGNS = ("exchanges", "queues", "bindings", "vhosts", "policies", "users", "parameters")
_ABOUT = frozenset(
    {
        "explanation",
        "metadata",
        "original_cluster_name",
        "original_vhost_name",
        "product_name",
        "product_version",
        "rabbit_version",
        "rabbitmq_definition_format",
        "rabbitmq_version",
        *_SIGNS,
    }
)
"""Keys of an export that are read here, or say nothing of what is declared."""

_PERMISSIONS = ("permissions", "topic_permissions")
_VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}", re.ASCII)


def read(named: tuple[str, ...], options: Options) -> Draft:
    """Return the draft of one vhost of an export.

    Raises UnreadableFileError for what is none, UnknownNameError where the vhost is not
    there, or is to be chosen.
    """
    (path,) = named
    export, twice = _load(path)
    draft = Draft(f"definitions {path}")
    if twice:
        draft.note(
            WARNING,
            f"keys that one table has twice, of which the last counts: {names(twice)}",
            None,
            path,
            "declared-twice",
        )
    draft.put(("broker", "transport"), "rabbitmq", path)
    write_version(export.get("rabbitmq_version") or export.get("rabbit_version"), draft)
    vhost = _vhost(export, options.vhost, path, draft)
    tables: dict[str, Any] = {
        name: list(_of(vhost, listed(export, name, draft, path))) for name in _OBJECTS
    }
    parameters = list(_of(vhost, listed(export, "parameters", draft, path)))
    tables["operator_policies"] = [
        _operator_policy(one) for one in parameters if _is_operator_policy(one)
    ]
    translate(objects_of(tables, path, draft, live=False), draft)
    _keep_vhost(export, vhost, draft, path)
    _keep_parameters([one for one in parameters if not _is_operator_policy(one)], draft, path)
    _keep_accounts(export, vhost, draft, path)
    _keep_rest(export, draft)
    return draft


def write_version(version: Any, draft: Draft) -> None:
    """Put the broker's version into the draft, without what stands behind its numbers."""
    found = _VERSION.match(version) if isinstance(version, str) else None
    if found is not None:
        draft.put(("broker", "version"), found[0])


def _load(path: str) -> tuple[dict[str, Any], list[str]]:
    import os
    import stat

    try:
        # A pipe without a writer would be waited for.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UnreadableFileError(f"{path} is no file")
        with open(path, "rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableFileError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError:
        raise UnreadableFileError(f"cannot read {path!r}: it is no file's name") from None
    export, twice = parse(raw, path)
    if not isinstance(export, dict) or not any(name in export for name in _SIGNS):
        raise UnreadableFileError(
            f"{path} is no export of RabbitMQ's definitions",
            "make one: rabbitmqctl export_definitions FILE",
        )
    return export, twice


class _All:
    """Stands for the one vhost of an export whose objects name none."""


def _of(vhost: str | _All, records: Any) -> Iterator[Any]:
    """Yield the records of a vhost; what is no record at all is for the reader to say."""
    for one in records:
        if isinstance(vhost, _All) or not isinstance(one, dict) or one.get("vhost") == vhost:
            yield one


def _vhost(export: dict[str, Any], wanted: str | None, path: str, draft: Draft) -> str | _All:
    """Return the vhost to read: the one that is wanted, else the only one with objects."""
    filled: dict[str, None] = {}
    known: dict[str, None] = {}
    for section in ("queues", "exchanges", "bindings", *_OBJECTS, "vhosts", "parameters"):
        records = export.get(section)
        key = "name" if section == "vhosts" else "vhost"
        for one in records if isinstance(records, list) else ():
            name = one.get(key) if isinstance(one, dict) else None
            if isinstance(name, str):
                known[name] = None
                if section in ("queues", "exchanges", "bindings"):
                    filled[name] = None
    if not known:
        own = export.get("original_vhost_name")
        if wanted is not None and own != wanted:
            said = f"is of vhost {own!r}" if isinstance(own, str) else "does not name its vhost"
            raise UnknownNameError(
                f"no vhost {wanted!r}: {path} {said}", "leave --vhost out: it holds one vhost alone"
            )
        return _All()
    if wanted is not None:
        if wanted not in known:
            raise UnknownNameError(f"no vhost {wanted!r} in {path}: it has {names(known)}")
        chosen = wanted
    elif len(filled) > 1:
        raise UnknownNameError(
            f"{path} has several vhosts with something in them: {names(filled)}",
            "choose one: --vhost NAME",
        )
    else:
        chosen = next(iter(filled or known))
    others = known.keys() - {chosen}
    if others:
        message = f"vhost {chosen!r} is read; there are also {names(others)}"
        draft.note(INFO, message, None, path, "one-vhost")
    return chosen


def _is_operator_policy(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and record.get("component") == "operator_policy"
        and isinstance(record.get("value"), dict)
    )


def _operator_policy(record: dict[str, Any]) -> dict[str, Any]:
    return {**record["value"], "name": record.get("name")}


def _keep_vhost(export: dict[str, Any], vhost: str | _All, draft: Draft, where: str) -> None:
    """Keep what the vhost itself says: its default type of queue, its limits."""
    if isinstance(vhost, _All):
        table = {key: export[key] for key in ("metadata", "limits") if export.get(key)}
    else:
        table = next((one for one in _vhosts(export) if one.get("name") == vhost), {})
        table = {key: one for key, one in table.items() if key != "name" and one}
    metadata = table.get("metadata")
    kind = metadata.get("default_queue_type") if isinstance(metadata, dict) else None
    kind = kind or table.get("default_queue_type")
    if isinstance(kind, str) and kind not in ("classic", "undefined"):
        draft.note(
            WARNING,
            f"the vhost makes {kind[:100]} queues of those that name no type: say type in each "
            "queue of the file that shall have another",
            None,
            where,
            "default-queue-type",
        )
    if table:
        draft.leave("vhost", *pairs(table))


def _vhosts(export: dict[str, Any]) -> list[dict[str, Any]]:
    found = export.get("vhosts")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _keep_parameters(parameters: list[Any], draft: Draft, where: str) -> None:
    """Keep federation, shovels and the like, their passwords left out."""
    if not parameters:
        return
    draft.leave("parameters", *map(inline, parameters))
    kinds = {str(one.get("component"))[:100] for one in parameters if isinstance(one, dict)}
    draft.note(
        WARNING,
        f"{count(len(parameters), 'parameter')} ({names(kinds)}) kept as comments: the file has no "
        "place for what federation, shovels and limits are told",
        None,
        where,
        "parameters-stay-on-broker",
    )


def _keep_accounts(export: dict[str, Any], vhost: str | _All, draft: Draft, where: str) -> None:
    """Keep users by name and tags, and who may do what; never a password or its hash."""
    users = [
        {key: one[key] for key in ("name", "tags", "limits") if one.get(key)}
        for one in listed(export, "users", draft, where)
        if isinstance(one, dict)
    ]
    if users:
        draft.leave("users", *map(inline, users))
    for section in _PERMISSIONS:
        found = list(_of(vhost, listed(export, section, draft, where)))
        if found:
            draft.leave(section, *map(inline, found))
    if users:
        draft.note(
            INFO,
            f"{count(len(users), 'user')} and all permissions stay on the broker; "
            "passwords were not read",
            None,
            where,
            "users-stay-on-broker",
        )


def _keep_rest(export: dict[str, Any], draft: Draft) -> None:
    """Keep what is left of the export, whatever it is."""
    for name, value in export.items():
        if name in _ABOUT or name in _PERMISSIONS or not value or name == "limits":
            continue
        if isinstance(value, list) and not names_secret(name):
            draft.leave(name, *map(inline, value))
        else:
            draft.leave(name, inline({name: value}))
