"""Live objects of kombu and Celery as plain values, and the import of modules.

Importing a module runs its code: this is for sources that were named as modules.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qtopo.errors import UnreadableFileError
from qtopo.importers.values import (
    BindingSpec,
    Code,
    CrontabSpec,
    ExchangeSpec,
    IntervalSpec,
    QueueSpec,
    RegexSpec,
    Setting,
    SolarSpec,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUEUE = (
    "queue_arguments",
    "binding_arguments",
    "consumer_arguments",
    "durable",
    "exclusive",
    "auto_delete",
    "no_ack",
    "alias",
    "no_declare",
    "expires",
    "message_ttl",
    "max_length",
    "max_length_bytes",
    "max_priority",
)
_DEEPEST = 50


@contextmanager
def here() -> Iterator[None]:
    """Let modules of the working directory be imported, as `celery -A` does."""
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def from_module(name: str) -> dict[str, Setting]:
    """Import `package.settings` or `package.settings:Class`, and return its names and values."""
    from importlib import import_module

    module, _, attribute = name.partition(":")
    try:
        with here():
            found: Any = import_module(module)
            for part in attribute.split(".") if attribute else ():
                found = getattr(found, part)
    except Exception as error:
        raise UnreadableFileError(
            f"cannot import settings {name}: {type(error).__name__}: {error}",
            "a file is read without running it: name it by its path, such as proj/settings.py",
        ) from None
    items = found.items() if isinstance(found, dict) else _attributes(found)
    return {
        str(key): Setting(plain(value), name, str(key))
        for key, value in items
        if not str(key).startswith("_")
    }


def _attributes(found: Any) -> list[tuple[str, Any]]:
    return [(key, getattr(found, key, None)) for key in dir(found)]


def plain(value: Any, depth: int = 0) -> Any:
    """Return a live value with kombu's and Celery's objects as those of `values`."""
    if value is None or isinstance(value, str | int | float | bool):
        # A subclass (a lazy text of Django's) has a plain form too.
        return value
    if depth > _DEEPEST:
        return Unknown("...")
    if isinstance(value, dict):
        return {plain(key, depth + 1): plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(one, depth + 1) for one in value)
    if isinstance(value, list):
        return [plain(one, depth + 1) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(one, depth + 1) for one in value), key=repr)
    if isinstance(value, re.Pattern):
        # re.UNICODE is of every pattern of texts.
        return RegexSpec(str(value.pattern), value.flags & ~re.UNICODE)
    if isinstance(value, timedelta):
        return IntervalSpec(value.total_seconds())
    found = _celery(value)
    if found is not None:
        return found
    if callable(value) or hasattr(value, "route_for_task"):
        return code(value)
    if hasattr(value, "items") and hasattr(value, "keys"):
        return {plain(key, depth + 1): plain(one, depth + 1) for key, one in value.items()}
    return Unknown(f"an object of {type(value).__module__}.{type(value).__qualname__}")


def code(value: Any) -> Code:
    """Return a function or object by its name; a router's method is what is called."""
    module = getattr(value, "__module__", None) or type(value).__module__
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    call = value
    if hasattr(value, "route_for_task"):

        def call(
            task_name: str,
            args: Any,
            kwargs: Any,
            options: Any,  # noqa: ARG001
            task: Any = None,  # noqa: ARG001
        ) -> Any:
            return value.route_for_task(task_name, args, kwargs)

    return Code(f"{module}.{name}", None, call)


def _celery(value: Any) -> Any:
    """Return what stands for an object of kombu or Celery; None for any other."""
    from celery import schedules
    from kombu import Exchange, Queue
    from kombu.common import Broadcast
    from kombu.entity import binding

    if isinstance(value, Queue):
        return _queue(value, isinstance(value, Broadcast))
    if isinstance(value, Exchange):
        return _exchange(value)
    if isinstance(value, binding):
        return BindingSpec(
            plain(value.exchange), value.routing_key, plain(dict(value.arguments or {}))
        )
    if isinstance(value, schedules.crontab):
        names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        return CrontabSpec(tuple((name, plain(getattr(value, f"_orig_{name}"))) for name in names))
    if isinstance(value, schedules.solar):
        return SolarSpec(value.event, value.lat, value.lon)
    if isinstance(value, schedules.schedule):
        return plain(value.run_every)
    return None


def _exchange(value: Any) -> ExchangeSpec:
    options: dict[str, Any] = {}
    if not value.durable:
        options["durable"] = False
    if value.auto_delete:
        options["auto_delete"] = True
    if value.arguments:
        options["arguments"] = plain(dict(value.arguments))
    if value.delivery_mode is not None:
        options["delivery_mode"] = value.delivery_mode
    return ExchangeSpec(value.name, value.type, options)


def _queue(value: Any, broadcast: bool) -> QueueSpec:
    options: dict[str, Any] = {}
    for name in _QUEUE:
        given = getattr(value, name, None)
        if given is None or given is False or given == {}:
            continue
        options[name] = plain(given)
    if options.pop("durable", None) is None:
        options["durable"] = False
    if options.get("exclusive"):
        # kombu lets it imply this.
        options.pop("auto_delete", None)
    name = value.name
    if broadcast:
        name = options.pop("alias", None) or value.exchange.name
        options.pop("auto_delete", None)
    bindings = sorted(
        (plain(one) for one in value.bindings or ()),
        key=lambda one: (str(one.exchange.name), str(one.routing_key)),
    )
    exchange = None if value.exchange is None or bindings else _exchange(value.exchange)
    if exchange is not None and not exchange.name:
        exchange = None
    return QueueSpec(name, exchange, value.routing_key or None, bindings, broadcast, options)
