"""The calls that settings are made of: kombu's and Celery's classes, durations, the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.static.objects import SIMPLE, Application, Conf, Method, Reader, Ref, Scope
from qtopo.importers.values import (
    BindingSpec,
    CrontabSpec,
    Env,
    ExchangeSpec,
    IntervalSpec,
    QueueSpec,
    RegexSpec,
    SolarSpec,
    known,
    settled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtopo.importers.static.expressions import Evaluator

NOT_KNOWN = object()
"""What `call` gives back where it does not know the call."""

_Arguments = list[Any]
_Keywords = dict[str, Any]

_UNITS = {
    "days": 86400.0,
    "seconds": 1.0,
    "microseconds": 1e-6,
    "milliseconds": 1e-3,
    "minutes": 60.0,
    "hours": 3600.0,
    "weeks": 604800.0,
}

_CRONTAB = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")

_ENVIRONMENT = ("os.environ.get", "os.getenv", "environ.get", "getenv")
_SETTINGS_READERS = (
    "decouple.config",
    "environ.Env()",
    "environs.Env()",
    "starlette.config.Config()",
)
_READERS = (
    "environ.Env",
    "environ.FileAwareEnv",
    "environs.Env",
    "environs.FileAwareEnv",
    "environ.AutoConfig",
    "environs.AutoConfig",
)
_CASTS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda value: (
        value
        if isinstance(value, bool)
        else str(value).strip().lower() in ("1", "true", "yes", "on", "y", "t", "ok")
    ),
    "list": lambda value: value if isinstance(value, list) else str(value).split(","),
}


def call(
    function: Any, arguments: _Arguments, keywords: _Keywords, where: str, evaluator: Evaluator
) -> Any:
    """Return what a call gives, or NOT_KNOWN."""
    if isinstance(function, Method):
        return _method(function, arguments, keywords, evaluator)
    if isinstance(function, Conf):
        return NOT_KNOWN
    if not isinstance(function, Ref):
        return NOT_KNOWN
    name = function.name
    if name in _ENVIRONMENT or name == "os.environ.setdefault":
        return _environment(arguments, keywords)
    reader, cast = _reader(name)
    if reader:
        scheme = function.scheme if isinstance(function, Reader) else {}
        return _environment(arguments, _schemed(arguments, keywords, scheme), cast)
    if name in _READERS:
        return Reader(f"{name.partition('.')[0]}.Env()", dict(keywords))
    module, _, last = name.rpartition(".")
    if last in ("Queue", "Exchange", "Broadcast", "binding") and not module.startswith(
        ("queue", "multiprocessing", "asyncio")
    ):
        return _KOMBU[last](arguments, keywords, where)
    if last == "Celery":
        return _application(arguments, keywords, where)
    make = _MAKERS.get(last)
    if make is not None and module.partition(".")[0] in _MODULES:
        return make(arguments, keywords)
    if module == "builtins":
        return _builtin(last, arguments, keywords, evaluator)
    return NOT_KNOWN


def item(owner: Ref, key: Any) -> Any:
    """Return `os.environ["X"]`, or None for what is not known."""
    if owner.name in ("os.environ", "environ") and isinstance(key, str):
        return Env(key)
    return None


def _reader(name: str) -> tuple[bool, str]:
    """Return whether a name reads the environment as decouple and environ do, and as what type."""
    for one in _SETTINGS_READERS:
        if name == one:
            return True, ""
        if name.startswith(one + "."):
            last = name.removeprefix(one + ".")
            return last in _CASTS or last in ("url", "get_value", "json", "dict"), last
    return False, ""


def _schemed(arguments: _Arguments, keywords: _Keywords, scheme: _Keywords) -> _Keywords:
    """Return the keywords of a call with the type and default that `Env(NAME=(int, 1))` gave."""
    name = settled(arguments[0]) if arguments else keywords.get("var")
    said = scheme.get(name) if isinstance(name, str) else None
    if said is None:
        return keywords
    given = dict(zip(("cast", "default"), said, strict=False)) if type(said) is tuple else {}
    given = given or {"cast": said}
    if len(arguments) > 1:
        given.pop("cast", None)
    return {**given, **keywords}


def _environment(arguments: _Arguments, keywords: _Keywords, cast: str = "") -> Any:
    name = settled(arguments[0]) if arguments else keywords.get("key")
    if not isinstance(name, str):
        return NOT_KNOWN
    default = arguments[1] if len(arguments) > 1 else keywords.get("default")
    type_ = keywords.get("cast")
    if isinstance(type_, Ref):
        cast = type_.name.rpartition(".")[2]
    if isinstance(default, Env):
        return Env(name, default)
    if default is not None and known(default):
        default = _CASTS.get(cast, _CASTS[""])(settled(default))
    return Env(name, default)


def _queue(arguments: _Arguments, keywords: _Keywords, where: str) -> QueueSpec:
    names = ("name", "exchange", "routing_key")
    given = {**dict(zip(names, arguments, strict=False)), **keywords}
    exchange = given.pop("exchange", None)
    bindings = given.pop("bindings", None)
    if isinstance(exchange, list | tuple):
        exchange, bindings = None, exchange
    return QueueSpec(
        given.pop("name", ""),
        exchange,
        given.pop("routing_key", None),
        bindings,
        options=given,
        where=where,
    )


def _broadcast(arguments: _Arguments, keywords: _Keywords, where: str) -> QueueSpec:
    names = ("name", "queue", "unique", "auto_delete", "exchange", "alias")
    given = {**dict(zip(names, arguments, strict=False)), **keywords}
    return QueueSpec(
        given.pop("name", None) or given.get("queue") or "",
        given.pop("exchange", None),
        given.pop("routing_key", None),
        broadcast=True,
        options=given,
        where=where,
    )


def _exchange(arguments: _Arguments, keywords: _Keywords, where: str) -> ExchangeSpec:  # noqa: ARG001
    given = {**dict(zip(("name", "type"), arguments, strict=False)), **keywords}
    return ExchangeSpec(given.pop("name", ""), given.pop("type", None), given)


def _binding(arguments: _Arguments, keywords: _Keywords, where: str) -> BindingSpec:  # noqa: ARG001
    names = ("exchange", "routing_key", "arguments")
    given = {**dict(zip(names, arguments, strict=False)), **keywords}
    return BindingSpec(given.get("exchange"), given.get("routing_key"), given.get("arguments"))


_KOMBU: dict[str, Callable[[_Arguments, _Keywords, str], Any]] = {
    "Queue": _queue,
    "Broadcast": _broadcast,
    "Exchange": _exchange,
    "binding": _binding,
}


def _crontab(arguments: _Arguments, keywords: _Keywords) -> Any:
    given = {**dict(zip(_CRONTAB, arguments, strict=False)), **keywords}
    given.pop("app", None)
    given.pop("nowfun", None)
    return CrontabSpec(tuple(given.items()))


def _timedelta(arguments: _Arguments, keywords: _Keywords) -> Any:
    names = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
    given = settled({**dict(zip(names, arguments, strict=False)), **keywords})
    if not all(isinstance(value, int | float) for value in given.values()):
        return NOT_KNOWN
    return IntervalSpec(sum(_UNITS[name] * value for name, value in given.items()))


def _schedule(arguments: _Arguments, keywords: _Keywords) -> Any:
    every = arguments[0] if arguments else keywords.get("run_every")
    every = settled(every)
    if isinstance(every, int | float):
        return IntervalSpec(float(every))
    return every if isinstance(every, IntervalSpec) else NOT_KNOWN


def _solar(arguments: _Arguments, keywords: _Keywords) -> Any:
    given = {**dict(zip(("event", "lat", "lon"), arguments, strict=False)), **keywords}
    return SolarSpec(given.get("event"), given.get("lat"), given.get("lon"))


def _regex(arguments: _Arguments, keywords: _Keywords) -> Any:
    pattern = settled(arguments[0]) if arguments else settled(keywords.get("pattern"))
    if not isinstance(pattern, str):
        return NOT_KNOWN
    # A flag of `re` is a name that is not followed: the pattern alone would say less.
    return RegexSpec(pattern) if len(arguments) == 1 and not keywords else NOT_KNOWN


_MAKERS: dict[str, Callable[[_Arguments, _Keywords], Any]] = {
    "crontab": _crontab,
    "timedelta": _timedelta,
    "schedule": _schedule,
    "solar": _solar,
    "compile": _regex,
}
_MODULES = ("celery", "datetime", "re", "django")


def _application(arguments: _Arguments, keywords: _Keywords, where: str) -> Application:
    names = ("main", "loader", "backend")
    given = {**dict(zip(names, arguments, strict=False)), **keywords}
    conf = Scope(where.rpartition(":")[0])
    for name, setting in (
        ("broker", "broker_url"),
        ("backend", "result_backend"),
        ("include", "include"),
    ):
        if given.get(name) is not None:
            conf.set(setting, given[name], where)
    changes = given.get("changes")
    if isinstance(changes, dict):
        for key, value in changes.items():
            if isinstance(key, str):
                conf.set(key, value, where)
    namespace = settled(given.get("namespace"))
    return Application(conf, namespace if isinstance(namespace, str) else None)


def _builtin(name: str, arguments: _Arguments, keywords: _Keywords, evaluator: Evaluator) -> Any:
    first = settled(arguments[0]) if arguments else None
    if name == "dict":
        pairs: Any = arguments[0] if arguments else {}
        return {**dict(pairs), **keywords}
    if keywords:
        return NOT_KNOWN
    if name in ("list", "tuple", "set", "sorted"):
        if not arguments:
            return () if name == "tuple" else []
        if not isinstance(arguments[0], list | tuple | dict):
            return NOT_KNOWN
        items: list[Any] = list(arguments[0])
        if name == "sorted":
            items.sort()
        return tuple(items) if name == "tuple" else items
    if name == "len" and isinstance(first, list | tuple | dict | str):
        return len(first)
    if name == "range" and all(isinstance(settled(one), int) for one in arguments):
        span = range(*(settled(one) for one in arguments))
        return list(span) if len(span) <= evaluator.budget.SIZE else NOT_KNOWN
    if name in ("str", "int", "float", "bool") and len(arguments) == 1:
        return _cast(name, arguments[0])
    return NOT_KNOWN


def _cast(name: str, value: Any) -> Any:
    if isinstance(value, Env):
        default = value.default
        if default is None:
            return value
        return Env(value.name, _plain_cast(name, settled(default)))
    return _plain_cast(name, value)


def _plain_cast(name: str, value: Any) -> Any:
    if not isinstance(value, SIMPLE) or (isinstance(value, str) and len(value) > 1000):
        return NOT_KNOWN
    return {"str": str, "int": int, "float": float, "bool": bool}[name](value)


_TEXT = ("lower", "upper", "strip", "lstrip", "rstrip", "split", "replace", "removeprefix")


def _method(
    function: Method, arguments: _Arguments, keywords: _Keywords, evaluator: Evaluator
) -> Any:
    owner, name = function.owner, function.name
    if isinstance(owner, Env) and name in _TEXT and isinstance(owner.default, str):
        inner = _method(Method(owner.default, name), arguments, keywords, evaluator)
        return NOT_KNOWN if inner is NOT_KNOWN else Env(owner.name, inner)
    if isinstance(owner, Env) and name in _TEXT:
        return owner
    if isinstance(owner, dict):
        if name == "get" and arguments:
            return owner.get(settled(arguments[0]), arguments[1] if len(arguments) > 1 else None)
        if name in ("keys", "values", "items", "copy") and not arguments:
            found = getattr(owner, name)()
            return found if name == "copy" else list(found)
    if isinstance(owner, list | tuple) and name == "copy":
        return list(owner)
    if isinstance(owner, str):
        return _text_method(owner, name, settled(arguments), settled(keywords))
    if isinstance(owner, IntervalSpec) and name == "total_seconds":
        return owner.seconds
    return NOT_KNOWN


def _text_method(owner: str, name: str, arguments: _Arguments, keywords: _Keywords) -> Any:
    if name == "join" and len(arguments) == 1 and isinstance(arguments[0], list | tuple):
        return owner.join(arguments[0])
    if name == "format":
        return _format(owner, arguments, keywords)
    if name in (*_TEXT, "startswith", "endswith") and not keywords:
        if name == "replace" and len(owner) > 10_000:
            return NOT_KNOWN
        return getattr(owner, name)(*arguments)
    return NOT_KNOWN


def _format(owner: str, arguments: _Arguments, keywords: _Keywords) -> Any:
    """Return `"{}-x".format(name)`; only plain fields, since widths can ask for any memory."""
    import string

    parts, count = [], 0
    for text, name, spec, conversion in string.Formatter().parse(owner):
        parts.append(text)
        if name is None:
            continue
        if spec or conversion:
            return NOT_KNOWN
        if name == "":
            value, count = arguments[count], count + 1
        else:
            value = arguments[int(name)] if name.isdigit() else keywords[name]
        if not isinstance(value, SIMPLE):
            return NOT_KNOWN
        parts.append(str(value))
    return "".join(parts)
