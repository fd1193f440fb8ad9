"""Settings of Celery: a Python file, read and not run, or a module, imported."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from qtopo.errors import UnreadableFileError
from qtopo.importers.draft import WARNING, Draft
from qtopo.importers.naming import find_namespace, resolve
from qtopo.importers.translate.translate import translate
from qtopo.importers.values import Setting, Unknown, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.importers.sources import Options
    from qtopo.importers.static.objects import Scope

EMITTED_STEP = "DeclareUnconsumed"
"""The class by which a module that `qtopo emit` wrote declares what no queue brings along."""

_CLASS = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*(\.\w+)*)")


def read(named: tuple[str, ...], options: Options) -> Draft:
    """Return the draft of a settings file (`proj/settings.py`, `proj/settings.py:Production`).

    What is no file is a module (`proj.settings`) and imported, which runs its code.
    Raises UnreadableFileError where there is neither.
    """
    (name,) = named
    draft = Draft(f"settings {name}")
    given, namespace = gather(name, options, draft)
    translate(given, namespace, draft)
    return draft


def gather(name: str, options: Options, draft: Draft) -> tuple[dict[str, Setting], str | None]:
    """Return the settings by their names as spelt, and the namespace they are read with."""
    found = _CLASS.fullmatch(name)
    path = found["path"] if found else name
    if os.path.isfile(path):
        given, said = _from_file(path, found["name"] if found else None, draft)
    elif name.endswith(".py") or os.sep in name:
        raise UnreadableFileError(f"cannot read {name}: no such file")
    else:
        from qtopo.importers.live import from_module

        given, said = from_module(name), None
    namespace = options.namespace or said or find_namespace(given)
    return given, namespace


def _from_file(path: str, name: str | None, draft: Draft) -> tuple[dict[str, Setting], str | None]:
    from qtopo.importers.static.budget import OutOfBudgetError
    from qtopo.importers.static.files import Files

    files = Files(path)
    try:
        scope = files.read(path)
    except OutOfBudgetError as error:
        raise UnreadableFileError(f"cannot read {path}: {error}") from None
    for where, what in files.broken:
        draft.note("error", what, None, where)
    for module, where in files.missing:
        draft.note(
            WARNING,
            f"import * of {module} leads to no file of the project: what it sets is not known",
            None,
            where,
        )
    target = _picked(scope, name, path)
    given = _settings(target, draft)
    namespace = None
    for application in files.applications:
        namespace = application.namespace or namespace
        for source, _ in application.sources:
            found = files.module(source.partition(":")[0], 0, path)
            if found is not None and found is not target:
                inner = source.partition(":")[2]
                chosen = _picked(found, inner, source) if inner else found
                given = {**_settings(chosen, draft), **given}
        own = _settings(application.conf, draft)
        given |= {_prefixed(key, namespace): one for key, one in own.items()}
    if name is None and not files.applications:
        _say_classes(scope, given, draft, path)
    return given, namespace


def _say_classes(scope: Scope, given: dict[str, Setting], draft: Draft, path: str) -> None:
    """Say that settings stand in classes, where the module itself has none of Celery's."""
    if any(_matters(name) for name in given):
        return
    classes = [
        name
        for name, one in scope.names.items()
        if isinstance(one, type(scope)) and one.title and any(map(_matters, one.names))
    ]
    if classes:
        draft.note(
            WARNING,
            f"no setting of Celery's stands in the module itself, but in {', '.join(classes)}: "
            f"name one of them, as in {path}:{classes[-1]}",
            None,
            scope.places.get(classes[-1]),
        )


def _prefixed(name: str, namespace: str | None) -> str:
    """Return the name that wins: what code sets goes over what the module says."""
    if namespace and name.islower():
        prefix = f"{namespace.rstrip('_')}_"
        return prefix + (name.upper() if prefix.isupper() else name)
    return name


def _picked(scope: Scope, name: str | None, path: str) -> Scope:
    from qtopo.importers.static.objects import Scope as Scope_

    for part in name.split(".") if name else ():
        inner = scope.names.get(part)
        if not isinstance(inner, Scope_):
            raise UnreadableFileError(f"{path} has no class {part!r}")
        scope = inner
    return scope


def _settings(scope: Scope, draft: Draft) -> dict[str, Setting]:
    from qtopo.importers.static.statements import named

    given = {}
    for name, value in scope.names.items():
        if name[:1] == "_":
            continue
        where = scope.places.get(name)
        if name == EMITTED_STEP and isinstance(value, type(scope)):
            value = dict(value.names)
        given[name] = Setting(named(value, where), where, name)
        doubt = scope.doubts.get(name)
        if doubt is not None and _matters(name):
            draft.note(
                WARNING,
                f"{name} depends on a condition that is not known here: {shown(Unknown(doubt))}",
                None,
                where,
                "conditional-setting",
            )
    return given


def _matters(name: str) -> bool:
    from qtopo.topology.celery_settings import SETTINGS

    bare = name.lower()
    return bare in SETTINGS or name.startswith(("CELERY", "BROKER_"))


def settings_of(name: str, options: Options, draft: Draft) -> Mapping[str, Any]:
    """Return the settings of a source by their new names, for `verify`."""
    given, namespace = gather(name, options, draft)
    resolved = resolve(given, namespace, draft)
    return {key: setting.value for key, setting in resolved.settings.items()}
