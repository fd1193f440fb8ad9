"""Settings as plain values: what a Python file says, and what a live application holds, alike.

Strings, numbers, booleans, None, lists, tuples and dicts stand for themselves;
the classes here stand for objects of kombu and Celery and for what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Unknown:
    """A value that cannot be known without running code: its source text, and where it stands."""

    text: str
    where: str | None = None


@dataclass(frozen=True)
class Code:
    """A function, class or object by its dotted name, such as a router.

    `call` is the live object where there is one.
    """

    name: str
    where: str | None = None
    call: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Env:
    """An environment variable, and what it is where it is not set."""

    name: str
    default: Any = None


@dataclass(frozen=True)
class RegexSpec:
    """A compiled regular expression."""

    pattern: str
    flags: int = 0


@dataclass
class ExchangeSpec:
    """A kombu Exchange; `options` are its other arguments as given."""

    name: Any
    type: Any = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class BindingSpec:
    """A kombu binding."""

    exchange: Any = None
    routing_key: Any = None
    arguments: Any = None


@dataclass
class QueueSpec:
    """A kombu Queue or Broadcast; `options` are its other arguments as given."""

    name: Any
    exchange: Any = None
    routing_key: Any = None
    bindings: Any = None
    broadcast: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    where: str | None = None


@dataclass(frozen=True)
class CrontabSpec:
    """A crontab schedule: its arguments by name."""

    fields: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class IntervalSpec:
    """A duration in seconds: a timedelta, or a schedule of one."""

    seconds: float


@dataclass(frozen=True)
class SolarSpec:
    """A solar schedule."""

    event: Any
    latitude: Any
    longitude: Any


class Setting(NamedTuple):
    """One setting: its value, where it was given, and under which name."""

    value: Any
    where: str | None = None
    spelt: str | None = None


def known(value: Any) -> bool:
    """Whether nothing inside a value is unknown or code."""
    if isinstance(value, Unknown | Code):
        return False
    if isinstance(value, dict):
        return all(known(key) and known(one) for key, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return all(known(one) for one in value)
    return True


def settled(value: Any) -> Any:
    """Return a value with what environment variables default to in their place."""
    if isinstance(value, Env):
        return settled(value.default)
    if isinstance(value, dict):
        return {settled(key): settled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [settled(one) for one in value]
    if isinstance(value, tuple):
        return tuple(settled(one) for one in value)
    return value


def shown(value: Any, most: int = 200) -> str:
    """Return a value as Python would write it, for a report: secrets in URLs are masked."""
    from qtopo.diagnostics.secrets import masked

    text = _text(value)
    text = " ".join(text.split())
    return masked(text if len(text) <= most else text[: most - 3] + "...")


def _text(value: Any) -> str:
    match value:
        case Unknown():
            return value.text
        case Code():
            return value.name
        case Env():
            return f"${value.name}"
        case RegexSpec():
            return f"re.compile({value.pattern!r})"
        case IntervalSpec():
            return f"timedelta(seconds={value.seconds:g})"
        case CrontabSpec():
            return "crontab(" + ", ".join(f"{k}={_text(v)}" for k, v in value.fields) + ")"
        case QueueSpec():
            return f"Queue({_text(value.name)})"
        case ExchangeSpec():
            return f"Exchange({_text(value.name)})"
        case dict():
            return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_text, value)) + "]"
        case tuple():
            return "(" + ", ".join(map(_text, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)
