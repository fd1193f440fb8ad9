"""The compiler's values as Python source, and the imports it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from qtopo.emit.python_literal import Call, Either, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

IMPORTS = {
    "": ("contextlib", "logging", "os", "re", "threading", "time"),
    "datetime": ("timedelta",),
    "celery": ("bootsteps",),
    "celery.schedules": ("crontab", "solar"),
    "celery.signals": ("celeryd_init",),
    "kombu": ("Exchange", "Queue", "binding"),
    "kombu.common": ("Broadcast",),
}
"""Every name an emitted module may import, by module and in isort's order."""

EXCHANGES = "EXCHANGES"
"""The module's table of exchanges."""

_STANDARD = ("", "datetime")

_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def imports(used: set[str]) -> str:
    """Return the import lines of the names in use, as isort orders them."""
    blocks = []
    for standard in (True, False):
        lines = []
        for module, names in IMPORTS.items():
            wanted = [name for name in names if name in used]
            if not wanted or (module in _STANDARD) is not standard:
                continue
            if module:
                lines.append(f"from {module} import {', '.join(wanted)}\n")
            else:
                lines.extend(f"import {name}\n" for name in wanted)
        if lines:
            blocks.append("".join(lines))
    return "\n".join(blocks)


class Names:
    """The names that source needs: `used` of `IMPORTS`, and the exchanges that are `shared`.

    A shared exchange is written once, in the module's table of exchanges.
    """

    def __init__(self, shared: Mapping[str, ExchangeValue]) -> None:
        self.used: set[str] = set()
        self.shared = shared

    def add(self, *names: str) -> None:
        """Note names that are in use."""
        self.used.update(names)


def source_of(value: Any, used: Names) -> Any:
    """Return a value for `python_literal`; names it needs are added to `used`."""
    make = _MAKE.get(type(value))
    if make is not None:
        return make(value, used)
    if isinstance(value, dict):
        return {key: source_of(one, used) for key, one in value.items()}
    if isinstance(value, list):
        return [source_of(one, used) for one in value]
    if isinstance(value, tuple):
        return tuple(source_of(one, used) for one in value)
    return value


def _call(name: str, used: Names, *arguments: Any, **keywords: Any) -> Call:
    used.add(name.partition(".")[0])
    return Call(name, arguments, keywords)


def _exchange(value: ExchangeValue, used: Names) -> Call | Item:
    if value.name in used.shared:
        return Item(EXCHANGES, value.name)
    return exchange_call(value, used)


def exchange_call(value: ExchangeValue, used: Names) -> Call:
    """Return the call that makes an exchange."""
    # kombu's own default; said where it is another.
    kind = {} if value.type == "direct" else {"type": value.type}
    return _call("Exchange", used, value.name, **kind, **value.options)


def _binding(value: BindingValue, used: Names) -> Call:
    extra = {"arguments": value.arguments} if value.arguments else {}
    return _call(
        "binding", used, _exchange(value.exchange, used), routing_key=value.routing_key, **extra
    )


def _queue(value: QueueValue, used: Names) -> Call:
    if value.exchange is None:
        bindings = _several(value.bindings, used)
        return _call("Queue", used, value.name, bindings=bindings, **value.options)
    exchange = _exchange(value.exchange, used)
    return _call(
        "Queue", used, value.name, exchange, routing_key=value.routing_key, **value.options
    )


def _several(bindings: Iterable[BindingValue], used: Names) -> list[Call]:
    return [_binding(one, used) for one in bindings]


def _broadcast(value: BroadcastValue, used: Names) -> Call:
    return _call(
        "Broadcast",
        used,
        value.name,
        exchange=_exchange(value.exchange, used),
        routing_key=value.routing_key,
        **value.options,
    )


def _exchange_binding(value: ExchangeBindingValue, used: Names) -> tuple[Any, ...]:
    exchange, source = _exchange(value.exchange, used), _exchange(value.source, used)
    return (exchange, source, value.routing_key, dict(value.arguments))


def _env_url(value: EnvUrl, used: Names) -> Either:
    # `or`, since Celery takes an empty URL for its own default: localhost.
    return Either(_call("os.environ.get", used, value.variable), value.fallback)


def _regex(value: RegexValue, used: Names) -> Call:
    return _call("re.compile", used, value.pattern)


def _crontab(value: CrontabValue, used: Names) -> Call:
    return _call("crontab", used, **value.fields)


def _solar(value: SolarValue, used: Names) -> Call:
    return _call("solar", used, value.event, number(value.latitude), number(value.longitude))


def _timedelta(value: TimedeltaValue, used: Names) -> Call:
    for unit, seconds in _UNITS:
        if value.seconds % seconds == 0:
            return _call("timedelta", used, **{unit: number(value.seconds / seconds)})
    return _call("timedelta", used, milliseconds=round(value.seconds * 1000))


_MAKE: dict[type, Callable[[Any, Names], Any]] = {
    BindingValue: _binding,
    BroadcastValue: _broadcast,
    CrontabValue: _crontab,
    EnvUrl: _env_url,
    ExchangeBindingValue: _exchange_binding,
    ExchangeValue: _exchange,
    QueueValue: _queue,
    RegexValue: _regex,
    SolarValue: _solar,
    TimedeltaValue: _timedelta,
}
