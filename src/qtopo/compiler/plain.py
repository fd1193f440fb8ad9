"""Compiled settings as JSON holds them, and back.

What JSON has no value for stands as an object with one key that begins with
`$`: `{"$crontab": {"hour": "3"}}`. Where no such object is needed, Celery takes
the settings as they are (`app.conf.update(json.load(file))`); where one is,
Celery refuses them at once rather than reading them wrongly, and
`from_plain` makes the real objects. Two keys of the document say what no
setting says, and Celery passes over them: `$env` (which variable holds a
setting's value) and `$declare` (what no worker declares).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtopo.compiler.queues import Declared
from qtopo.compiler.settings import CompiledSettings
from qtopo.compiler.values import (
    BindingValue,
    BroadcastValue,
    CrontabValue,
    EnvUrl,
    ExchangeBindingValue,
    ExchangeValue,
    QueueValue,
    RegexValue,
    SolarValue,
    TimedeltaValue,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENV, DECLARE = "$env", "$declare"


def to_plain(compiled: CompiledSettings) -> dict[str, Any]:
    """Return the settings as plain lists, dicts, texts and numbers."""
    plain: dict[str, Any] = {}
    variables = {}
    for name, value in compiled.settings.items():
        if isinstance(value, EnvUrl):
            variables[name] = value._asdict()
        else:
            plain[name] = _queues(value) if name == "task_queues" else _plain(value)
    if variables:
        plain[ENV] = variables
    if compiled.declared_at_start:
        plain[DECLARE] = {
            "queues": list(compiled.declared_at_start.queues),
            "exchanges": [_plain(one) for one in compiled.declared_at_start.exchanges],
            "bindings": [_plain(one) for one in compiled.declared_at_start.bindings],
        }
    return plain


def marked(plain: Mapping[str, Any]) -> set[str]:
    """Return the markers of plain settings that Celery cannot take: `{"$crontab"}`."""
    return {
        key
        for one in _places(plain)
        if isinstance(one, dict) and len(one) == 1
        for key in one
        if key in _READ
    }


def _places(plain: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what stands where a marker may stand, and nothing of the user's own values."""
    queues = plain.get("task_queues")
    yield from queues if isinstance(queues, list) else ()
    for router in plain.get("task_routes", ()):
        yield from (key for key, _ in router)
    for entry in plain.get("beat_schedule", {}).values():
        yield entry["schedule"]


def from_plain(plain: Mapping[str, Any]) -> CompiledSettings:
    """Return the compiled settings that `to_plain` was given, for `live.to_live` and others."""
    settings = {name: value for name, value in plain.items() if name not in (ENV, DECLARE)}
    settings |= {name: EnvUrl(**value) for name, value in plain.get(ENV, {}).items()}
    if isinstance(settings.get("task_queues"), list):
        settings["task_queues"] = [_revive(one) for one in settings["task_queues"]]
    if "task_routes" in settings:
        # A tuple of routers, each a list of pairs.
        settings["task_routes"] = tuple(
            [(_revive(key), options) for key, options in router]
            for router in settings["task_routes"]
        )
    if "beat_schedule" in settings:
        settings["beat_schedule"] = {
            name: {**entry, "schedule": _revive(entry["schedule"])}
            for name, entry in settings["beat_schedule"].items()
        }
    declare = plain.get(DECLARE, {})
    return CompiledSettings(
        settings,
        Declared(
            tuple(declare.get("queues", ())),
            tuple(_revive(one) for one in declare.get("exchanges", ())),
            tuple(_revive(one) for one in declare.get("bindings", ())),
        ),
    )


def _queues(queues: list[QueueValue | BroadcastValue]) -> Any:
    """Return Celery's own table of queues where it can say everything, else marked objects.

    A list of dicts is nothing Celery takes, so that a queue with several
    bindings is never declared without them.
    """
    if all(isinstance(one, QueueValue) and one.exchange is not None for one in queues):
        return {one.name: _queue(one) for one in queues if isinstance(one, QueueValue)}
    return [_plain(one) for one in queues]


def _queue(queue: QueueValue) -> dict[str, Any]:
    """Return the form that `kombu.Queue.from_dict` reads; each flag under its own name."""
    plain: dict[str, Any] = {}
    if queue.exchange is not None:
        plain |= {"exchange": queue.exchange.name, "exchange_type": queue.exchange.type}
        plain |= {f"exchange_{key}": value for key, value in queue.exchange.options.items()}
    plain["routing_key"] = queue.routing_key
    for key, value in queue.options.items():
        plain[f"queue_{key}" if key in ("durable", "auto_delete") else key] = value
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, TimedeltaValue):
        # Celery takes seconds for an interval.
        return number(value.seconds)
    marker = _MARKERS.get(type(value))
    if marker is not None:
        return {marker: {key: _plain(one) for key, one in value._asdict().items()}}
    if isinstance(value, (dict, MappingProxyType)):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _revive(value: Any) -> Any:
    """Return what a marked object stands for; anything else as it is."""
    if isinstance(value, list):
        return tuple(_revive(one) for one in value)
    if isinstance(value, dict) and len(value) == 1:
        ((key, inner),) = value.items()
        if key in _READ:
            nested = {name: _revive(one) for name, one in inner.items() if name in _NESTED}
            return _READ[key](**{**inner, **nested})
    return value


_NESTED = ("exchange", "source", "bindings")
_MARKERS: dict[type, str] = {
    BindingValue: "$binding",
    BroadcastValue: "$broadcast",
    CrontabValue: "$crontab",
    ExchangeBindingValue: "$exchange_binding",
    ExchangeValue: "$exchange",
    QueueValue: "$queue",
    RegexValue: "$regex",
    SolarValue: "$solar",
}
_READ: dict[str, Any] = {marker: kind for kind, marker in _MARKERS.items()}
