"""A Celery application, found and loaded as `celery -A` does: its settings and its tasks.

This imports the project, which runs its code; nothing connects to a broker.
"""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from contextlib import redirect_stdout
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qtopo.errors import UnreadableFileError
from qtopo.importers.draft import Draft
from qtopo.importers.live import here, plain
from qtopo.importers.naming import EXTENSIONS
from qtopo.importers.translate.facts import TaskFacts
from qtopo.importers.translate.others import as_fact
from qtopo.importers.translate.translate import translate
from qtopo.importers.values import Code, Setting
from qtopo.topology.celery_settings import SETTINGS

if TYPE_CHECKING:
    from qtopo.importers.sources import Options

_OPTIONS = ("queue", "exchange", "routing_key", "priority", "delivery_mode")
_FACTS = {
    "acks_late": "task_acks_late",
    "ignore_result": "task_ignore_result",
    "rate_limit": "task_default_rate_limit",
    "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
}
"""Attributes of a task that are facts of `[tasks]`, and the setting they come from unsaid."""

_RETRIES = 3
_BUILTIN = "celery."


def read(named: tuple[str, ...], options: Options) -> Draft:  # noqa: ARG001
    """Return the draft of an application: `shop.celery:app`, as `celery -A` takes it."""
    (name,) = named
    draft = Draft(f"app {name}")
    app = find(name)
    draft.put(("app", "celery"), name)
    if isinstance(app.main, str) and app.main and app.main.isprintable():
        draft.put(("app", "name"), app.main)
    given = settings_of(app, name)
    tasks = tasks_of(app)
    translate(given, None, draft, tasks)
    return draft


def find(name: str) -> Any:
    """Return the application, its tasks loaded; raises UnreadableFileError where that fails."""
    from celery.app.utils import find_app

    try:
        # What the project prints as it is imported is not what was asked for.
        with here(), redirect_stdout(sys.stderr), warnings.catch_warnings():
            # What Celery thinks of options in decorators is said in the report.
            warnings.simplefilter("ignore")
            app = find_app(name)
            if not hasattr(app, "conf") or not hasattr(app, "tasks"):
                raise TypeError(f"{type(app).__name__} is no Celery application")
            app.loader.import_default_modules()
            app.finalize(auto=True)
            _ = app.conf.task_routes
    except SystemExit:
        raise UnreadableFileError(f"cannot load application {name}: it exits") from None
    except Exception as error:  # the project's code has run: it raises anything
        raise UnreadableFileError(
            f"cannot load application {name}: {type(error).__name__}: {error}",
            "`celery -A` has to find it from here, with the project's dependencies installed",
        ) from None
    return app


def settings_of(app: Any, where: str | None = None) -> dict[str, Setting]:
    """Return the settings that are not Celery's defaults, by their new names."""
    from celery.app.defaults import DEFAULTS

    found: dict[str, Setting] = {}
    for name in SETTINGS:
        try:
            value = app.conf[name]
        except (KeyError, AttributeError):
            continue
        if name == "task_annotations":
            # What they say of a task is an attribute of it.
            value = _unregistered(value, app)
        if value is None or _is_default(value, DEFAULTS.get(name)):
            continue
        found[name] = Setting(plain(value), where, name)
    if "broker_url" not in found and os.environ.get("CELERY_BROKER_URL"):
        found["broker_url"] = Setting(os.environ["CELERY_BROKER_URL"], where, "CELERY_BROKER_URL")
    routes = found.get("task_routes")
    if routes is not None:
        found["task_routes"] = routes._replace(value=_expanded(routes.value))
    for key, value in app.conf.table(with_defaults=False, censored=False).items():
        bare = key.removeprefix("CELERY_").lower()
        if bare.startswith(EXTENSIONS):
            found[bare] = Setting(plain(value), where, key)
    return found


def _is_default(value: Any, default: Any) -> bool:
    # Objects of the project's may raise when they are compared; Celery's defaults are plain.
    return type(value) is type(default) and _is_plain(value) and bool(value == default)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and _is_plain(one) for key, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_plain(one) for one in value)
    return value is None or type(value) in (str, int, float, bool, timedelta)


def _unregistered(value: Any, app: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if name not in app.tasks} or None


def _expanded(value: Any) -> Any:
    """Return routers with those that are named by a path as functions."""
    from celery.app.routes import expand_router_string

    from qtopo.importers.live import code

    def expand(router: Any) -> Any:
        if not isinstance(router, str):
            return router
        try:
            with here():
                return code(expand_router_string(router))
        except Exception:  # its module and its constructor are the project's: they raise anything
            return Code(router)

    if isinstance(value, list | tuple):
        return [expand(one) for one in value]
    return expand(value)


def tasks_of(app: Any) -> list[TaskFacts]:
    """Return the registered tasks but Celery's own, by name."""
    return [
        _facts(app, name, task)
        for name, task in sorted(app.tasks.items())
        if not name.startswith(_BUILTIN)
    ]


def _facts(app: Any, name: str, task: Any) -> TaskFacts:
    options: dict[str, Any] = {}
    for key in _OPTIONS:
        value = getattr(task, key, None)
        filled = key == "priority" and value == app.conf.task_default_priority
        if value is not None and not filled:
            options[key] = plain(value)
    facts: dict[str, Any] = {}
    for key, setting in _FACTS.items():
        value = getattr(task, key, None)
        if value is not None and value != app.conf[setting]:
            fact = as_fact(key, value)
            if fact is not None:
                facts[key] = fact
    retries = getattr(task, "max_retries", _RETRIES)
    if type(retries) is int and retries != _RETRIES and retries >= 0:
        facts["max_retries"] = retries
    return TaskFacts(name, options, facts, _where(task), task)


def _where(task: Any) -> str | None:
    """Return the file and line of a task, relative to here; its module where it is elsewhere."""
    try:
        function = inspect.unwrap(task.run)
        source = function.__code__
        path = os.path.relpath(source.co_filename)
    except (AttributeError, ValueError, TypeError):
        return getattr(task, "__module__", None)
    if path.startswith(os.pardir):
        return getattr(task, "__module__", None)
    return f"{path}:{source.co_firstlineno}"
