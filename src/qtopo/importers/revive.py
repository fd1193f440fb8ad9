"""Plain values as kombu's and Celery's objects again: what `live` took apart."""

from __future__ import annotations

import os
from typing import Any

from qtopo.importers.values import (
    BindingSpec,
    Code,
    CrontabSpec,
    Env,
    ExchangeSpec,
    IntervalSpec,
    QueueSpec,
    RegexSpec,
    SolarSpec,
    Unknown,
    settled,
)


def to_live(value: Any) -> Any:
    """Return a value with the real thing in place of each plain one; None for what is not known."""
    make = _MAKE.get(type(value))
    if make is not None:
        return make(value)
    if isinstance(value, dict):
        return {to_live(key): to_live(one) for key, one in value.items()}
    if isinstance(value, list):
        return [to_live(one) for one in value]
    if isinstance(value, tuple):
        return tuple(to_live(one) for one in value)
    return value


def _queue(spec: QueueSpec) -> Any:
    from kombu import Queue
    from kombu.common import Broadcast

    options = to_live(spec.options)
    if spec.exchange is not None:
        options["exchange"] = to_live(spec.exchange)
    if spec.routing_key is not None:
        options["routing_key"] = to_live(spec.routing_key)
    if spec.bindings:
        options["bindings"] = to_live(list(spec.bindings))
    return (Broadcast if spec.broadcast else Queue)(to_live(spec.name), **options)


def _exchange(spec: ExchangeSpec) -> Any:
    from kombu import Exchange

    kind = {} if spec.type is None else {"type": to_live(spec.type)}
    return Exchange(to_live(spec.name), **kind, **to_live(spec.options))


def _binding(spec: BindingSpec) -> Any:
    from kombu import binding

    return binding(
        to_live(spec.exchange),
        routing_key=to_live(spec.routing_key) or "",
        arguments=spec.arguments,
    )


def _regex(spec: RegexSpec) -> Any:
    import re

    return re.compile(spec.pattern, spec.flags)


def _crontab(spec: CrontabSpec) -> Any:
    from celery.schedules import crontab

    return crontab(**to_live(dict(spec.fields)))


def _solar(spec: SolarSpec) -> Any:
    from celery.schedules import solar

    return solar(to_live(spec.event), to_live(spec.latitude), to_live(spec.longitude))


def _nothing(_: Any) -> None:
    """Leave out what is not known."""


_MAKE: dict[type, Any] = {
    QueueSpec: _queue,
    ExchangeSpec: _exchange,
    BindingSpec: _binding,
    RegexSpec: _regex,
    Env: lambda value: os.environ.get(value.name) or to_live(settled(value)),
    IntervalSpec: lambda value: value.seconds,
    CrontabSpec: _crontab,
    SolarSpec: _solar,
    Code: lambda value: value.call,
    Unknown: _nothing,
}
