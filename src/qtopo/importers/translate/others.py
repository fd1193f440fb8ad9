"""All other settings, and what annotations say of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.compiler.settings import OWN
from qtopo.importers.draft import INFO, WARNING
from qtopo.importers.translate.facts import ROUTING, TaskFacts
from qtopo.importers.values import (
    Env,
    IntervalSpec,
    Setting,
    known,
    settled,
    shown,
)
from qtopo.topology.units import format_duration, parse_rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.importers.draft import Draft

_ELSEWHERE = OWN | {
    "broker_host",
    "broker_password",
    "broker_port",
    "broker_user",
    "broker_vhost",
    "task_annotations",
}
_SECONDS = ("time_limit", "soft_time_limit")
_FLAGS = ("acks_late", "ignore_result")


def write_settings(settings: Mapping[str, Setting], draft: Draft) -> None:
    """Put what has no key of its own under `[settings]`."""
    for name, setting in settings.items():
        if name in _ELSEWHERE or (name == "redbeat_lock_timeout" and "beat" in draft.data):
            continue
        value = setting.value
        if value is None:
            continue
        if isinstance(value, Env) and value.default is None:
            draft.note(
                WARNING,
                f"setting {name} comes from the environment variable {value.name}, without a "
                "default: it is left out",
                None,
                setting.where,
                "setting-from-environment",
            )
            draft.leave("settings", f"{name} = ${value.name}")
            continue
        if not known(value):
            draft.note(
                WARNING,
                f"setting {name} is not known without running code: {shown(value)}",
                None,
                setting.where,
                "setting-unknown",
            )
            draft.leave("settings", f"{name} = {shown(value, 2000)}")
            continue
        if isinstance(value, Env):
            draft.note(
                INFO,
                f"setting {name} may be changed by the environment variable {value.name}: its "
                "default is written",
                ("settings", name),
                setting.where,
                "setting-from-environment",
            )
        draft.put(("settings", name), plain(settled(value)))
    pool = settings.get("worker_pool")
    if pool is not None and isinstance(settled(pool.value), str):
        draft.hints["pool"] = settled(pool.value)


def write_unknown(unknown: Mapping[str, Setting], draft: Draft) -> None:
    """Say which names set nothing, and keep them."""
    from qtopo.topology.celery_settings import SETTINGS
    from qtopo.topology.suggest import did_you_mean

    for name, setting in unknown.items():
        bare = name.removeprefix("CELERY_").lower()
        hint = did_you_mean(bare, SETTINGS)
        draft.note(
            WARNING,
            f"{name} sets nothing: Celery has no such setting" + (f" ({hint})" if hint else ""),
            None,
            setting.where,
            "unknown-setting",
        )
        draft.leave("settings", f"{name} = {_masked(name, setting.value)}")


def _masked(name: str, value: Any) -> str:
    from qtopo.importers.sound import names_secret

    return "a secret, not shown" if names_secret(name) else shown(value, 1000)


def plain(value: Any) -> Any:
    """Return a value of a setting as TOML would hold it."""
    if isinstance(value, IntervalSpec):
        return int(value.seconds) if value.seconds == int(value.seconds) else value.seconds
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def annotated(
    settings: Mapping[str, Setting], tasks: Sequence[TaskFacts], draft: Draft
) -> list[TaskFacts]:
    """Return tasks with what `task_annotations` says of them; the rest stays a setting."""
    setting = settings.get("task_annotations")
    found = {task.name: task for task in tasks}
    if setting is None or setting.value is None:
        return list(found.values())
    value = setting.value
    if isinstance(value, list | tuple) and len(value) == 1:
        (value,) = value
    if not isinstance(value, dict):
        if known(value):
            draft.put(("settings", "task_annotations"), plain(settled(value)))
        else:
            draft.note(
                WARNING, f"task_annotations cannot be read: {shown(value)}", None, setting.where
            )
            draft.leave("settings", f"task_annotations = {shown(value, 2000)}")
        return list(found.values())
    rest: dict[str, Any] = {}
    for name, given in value.items():
        name = settled(name)
        if not isinstance(given, dict) or not isinstance(name, str) or not known(given):
            draft.leave("settings", f"task_annotations: {shown(name)} = {shown(given)}")
            draft.note(WARNING, f"an annotation cannot be read: {shown(name)}", None, setting.where)
            continue
        plain_ = {str(key): one for key, one in settled(given).items()}
        if name == "*":
            _for_all(plain_, draft, setting.where)
            rest[name] = plain_
            continue
        options = {key: plain_.pop(key) for key in ROUTING if key in plain_}
        taken = {key: as_fact(key, one) for key, one in plain_.items()}
        facts = {key: fact for key, fact in taken.items() if fact is not None}
        left = {key: plain(one) for key, one in plain_.items() if key not in facts}
        if left:
            rest[name] = left
        task = found.get(name) or TaskFacts(name, {}, {}, setting.where)
        found[name] = task._replace(
            options={**task.options, **options}, facts={**task.facts, **facts}
        )
    if rest:
        draft.put(("settings", "task_annotations"), rest)
    return list(found.values())


def _for_all(given: dict[str, Any], draft: Draft, where: str | None) -> None:
    routing = [key for key in ROUTING if key in given]
    if routing:
        draft.note(
            WARNING,
            f"the annotation of every task gives {', '.join(routing)}, which beats all routes",
            ("settings", "task_annotations"),
            where,
            "annotation-overrides-route",
        )


def as_fact(key: str, value: Any) -> Any:
    """Return an attribute of a task as its key under `[tasks]` takes it; None where it has none."""
    if isinstance(value, IntervalSpec):
        value = value.seconds
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if key in _SECONDS and number and value > 0 and round(value, 3) == value:
        return format_duration(value)
    if key in _FLAGS and isinstance(value, bool):
        return value
    if key == "max_retries" and type(value) is int and value >= 0:
        return value
    if key == "rate_limit":
        if number and value > 0 and value == int(value):
            return f"{int(value)}/s"
        if isinstance(value, str):
            try:
                return parse_rate(value)
            except ValueError:
                return None
    return None
