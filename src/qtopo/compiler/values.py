"""What a setting can hold that is no literal: plain values, one per thing of kombu or Celery.

The compiler makes them, `live` turns them into real objects, emitters into
text. They know neither Celery nor any format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExchangeValue(NamedTuple):
    """A `kombu.Exchange`; `options` are its keyword arguments that are not kombu's defaults."""

    name: str
    type: str
    options: Mapping[str, Any]


class BindingValue(NamedTuple):
    """A `kombu.binding`."""

    exchange: ExchangeValue
    routing_key: str
    arguments: Mapping[str, Any]


class QueueValue(NamedTuple):
    """A `kombu.Queue`, with either an exchange and a key, or several bindings.

    `options` are its other keyword arguments, those at kombu's defaults left out.
    """

    name: str
    exchange: ExchangeValue | None
    routing_key: str
    bindings: tuple[BindingValue, ...]
    options: Mapping[str, Any]


class BroadcastValue(NamedTuple):
    """A `kombu.common.Broadcast`: every worker gets a queue of its own on a fanout exchange."""

    name: str
    exchange: ExchangeValue
    routing_key: str
    options: Mapping[str, Any]


class ExchangeBindingValue(NamedTuple):
    """That `exchange` receives from `source`."""

    exchange: ExchangeValue
    source: ExchangeValue
    routing_key: str
    arguments: Mapping[str, Any]


class EnvUrl(NamedTuple):
    """The URL in an environment variable; `fallback` where it is not set or empty.

    The fallback is made to be imported without harm, and to fail with the
    variable's name in the message as soon as somebody connects.
    """

    variable: str
    fallback: str


class RegexValue(NamedTuple):
    """A compiled regular expression."""

    pattern: str


class CrontabValue(NamedTuple):
    """A `celery.schedules.crontab`; the fields that are not `*`, by Celery's names."""

    fields: Mapping[str, str]


class SolarValue(NamedTuple):
    """A `celery.schedules.solar`; degrees north and east."""

    event: str
    latitude: float
    longitude: float


class TimedeltaValue(NamedTuple):
    """A `datetime.timedelta`."""

    seconds: float


def number(value: float) -> float:
    """Return a whole number as an int: `7200.0` is written `7200`."""
    return int(value) if value == int(value) else value
