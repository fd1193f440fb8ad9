"""Names of settings: old and new ones, with and without a namespace, as Celery 5.7 reads them.

Celery looks for `PREFIX_` and the name, then for the name itself, then for its old
one, so that an old name counts even where there is a namespace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.celery_settings import OLD_NAMES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.importers.draft import Draft
    from qtopo.importers.values import Setting

EXTENSIONS = ("redbeat_",)
"""Beginnings of well-known settings that are not Celery's own."""

_PREFIXED = (
    "accept_content",
    "imports",
    "include",
    "timezone",
    "cache_",
    "couchbase_",
    "arangodb_",
    "mongodb_",
    "event_",
    "redis_",
    "result_",
    "elasticsearch_",
    "security_",
    "task_protocol",
    "task_publish_",
    "task_serializer",
    "worker_direct",
)
"""Settings whose old name is `CELERY_` and the new one; that of others is the new one alone."""

_OLD_OF = {new: old for old, new in OLD_NAMES.items()}


class Resolved(NamedTuple):
    """Settings by their new names, and what names none: by the name it was given."""

    settings: dict[str, Setting]
    unknown: dict[str, Setting]


def old_name(name: str) -> str:
    """Return the old, upper-case name of a setting."""
    if name in _OLD_OF:
        return _OLD_OF[name]
    if name.startswith(_PREFIXED) and name != "result_accept_content":
        return f"CELERY_{name.upper()}"
    return name.upper()


def find_namespace(names: Mapping[str, object]) -> str | None:
    """Return `CELERY` where any name makes sense only with that namespace, else None."""
    for name in names:
        rest = name.removeprefix("CELERY_")
        new = rest.lower()
        if rest != name and new in SETTINGS and rest == new.upper() and old_name(new) != name:
            return "CELERY"
    return None


def resolve(given: Mapping[str, Setting], namespace: str | None, draft: Draft) -> Resolved:
    """Return what Celery takes of the names in a module, and say what it does not."""
    prefix = f"{namespace.rstrip('_')}_" if namespace else None
    settings: dict[str, Setting] = {}
    used: set[str] = set()
    old: list[str] = []
    new: list[str] = []
    for key in SETTINGS:
        spelt = _spelt(key, prefix, given)
        if spelt is None:
            continue
        settings[key] = given[spelt]._replace(spelt=spelt)
        used.add(spelt)
        (old if spelt == old_name(key) else new).append(spelt)
        hidden = old_name(key)
        if spelt != hidden and hidden in given:
            used.add(hidden)
            draft.note(
                "warning",
                f"{hidden} sets nothing: {spelt} says the same setting",
                None,
                given[hidden].where,
                "setting-hidden",
            )
    unknown = {}
    for name, setting in given.items():
        if name in used:
            continue
        bare = name.removeprefix(prefix) if prefix else name
        if bare.lower().startswith(EXTENSIONS):
            settings[bare.lower()] = setting._replace(spelt=name)
        elif _is_meant(name, prefix):
            unknown[name] = setting
    _report(draft, prefix, settings, old, new)
    return Resolved(settings, unknown)


def _spelt(key: str, prefix: str | None, given: Mapping[str, Setting]) -> str | None:
    candidates = [key, old_name(key)]
    if prefix:
        candidates.insert(0, prefix + (key.upper() if prefix.isupper() else key))
    return next((one for one in candidates if one in given), None)


def _is_meant(name: str, prefix: str | None) -> bool:
    """Whether a name that is no setting looks as if it should be one."""
    if prefix:
        return name.startswith(prefix)
    if name.startswith(("CELERY_", "CELERYD_", "CELERYBEAT_", "BROKER_")):
        return True
    if not name.islower() or "_" not in name:
        return False
    from qtopo.topology.corrections import meant_word

    return meant_word(name, SETTINGS) is not None


def _report(
    draft: Draft, prefix: str | None, settings: dict[str, Setting], old: list[str], new: list[str]
) -> None:
    if prefix:
        for name, setting in settings.items():
            if setting.spelt == old_name(name) and not (setting.spelt or "").startswith(
                prefix + name.upper()
            ):
                draft.note(
                    "warning",
                    f"{setting.spelt} is an old name under namespace {prefix.rstrip('_')}: "
                    "Celery 5.7 takes it, up to 5.6 it set nothing",
                    None,
                    setting.where,
                    "legacy-setting-under-namespace",
                )
        return
    if old and new:
        first, left = (old, new) if len(old) > len(new) else (new, old)
        draft.note(
            "error",
            f"old and new names are mixed, which Celery refuses: {first[0]} and {', '.join(left)}",
            None,
            None,
            "mixed-setting-names",
        )
