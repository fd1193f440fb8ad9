"""Broker and result backend: their kind from the URL, the URL itself from the environment."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from qtopo.compiler.options import DURATIONS
from qtopo.importers.draft import INFO, WARNING
from qtopo.importers.values import Env, IntervalSpec, Setting, Unknown, known, settled, shown
from qtopo.topology.common import env_problem, url_password, url_problem
from qtopo.topology.transports import TRANSPORTS
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.importers.draft import Draft

_BY_SCHEME = {one.scheme: name for name, one in reversed(TRANSPORTS.items())} | {
    name: name for name in TRANSPORTS if name != "amqp"
}
_BY_SCHEME["amqp"] = "rabbitmq"
_BY_SCHEME["librabbitmq"] = "rabbitmq"
_WRITTEN_SCHEME = re.compile(r"""[(\s]*[fFrR]{0,2}(?:\"""|\'{3}|["'])([a-z][a-z0-9+]*://)""")
REDIS_ONLY = frozenset(
    {
        "ack_emulation",
        "fanout_patterns",
        "fanout_prefix",
        "global_keyprefix",
        "health_check_interval",
        "priority_steps",
        "queue_order_strategy",
        "retry_on_timeout",
        "sep",
        "socket_keepalive_options",
        "unacked_index_key",
        "unacked_key",
        "unacked_mutex_expire",
        "unacked_mutex_key",
        "unacked_restore_limit",
    }
)
"""Options of the broker that tell its kind where its URL does not."""
_PARTS = ("broker_host", "broker_port", "broker_user", "broker_password", "broker_vhost")


def write_broker(settings: Mapping[str, Setting], draft: Draft) -> None:
    """Put `[broker]` into the draft."""
    url = settings.get("broker_url") or settings.get("broker_write_url")
    kind = settings.get("broker_transport")
    value = None if url is None else url.value
    if isinstance(value, list | tuple) and value:
        draft.note(
            WARNING,
            "several broker URLs are given: the file names one variable, which may hold them all, "
            "separated by semicolons",
            ("broker",),
            url and url.where,
        )
        value = value[0]
    transport = _transport(value, settled(kind.value) if kind else None)
    if (value is None and kind is None) or transport is None:
        transport = _by_options(settings) or transport
    if url is None and kind is None and not any(settings.get(one) for one in _PARTS):
        draft.note(
            INFO,
            "no broker is named here: rabbitmq, Celery's default, is written",
            ("broker",),
            None,
            "broker-unknown",
        )
    if transport is None:
        draft.note(
            WARNING,
            "the broker's kind is not known from its URL: rabbitmq, Celery's default, is assumed",
            ("broker",),
            url and url.where,
            "broker-unknown",
        )
    draft.put(("broker", "transport"), transport or "rabbitmq", None)
    if url is not None and url.where:
        draft.origins.setdefault(("broker",), url.where)
    name = _written(value, "BROKER_URL", "the broker's URL", url, draft)
    if name is None and any(settings.get(one) for one in _PARTS):
        name = "env:BROKER_URL"
        draft.note(
            WARNING,
            "the broker is given in parts (host, user, ...): put its URL into the variable "
            "BROKER_URL",
            ("broker", "url"),
        )
    if name is not None:
        draft.put(("broker", "url"), name)
    for one in ("broker_read_url", "broker_write_url"):
        if one in settings and settled(settings[one].value) not in (None, settled(value)):
            draft.note(WARNING, f"{one} has no key in the file", ("broker",), settings[one].where)
            draft.leave("broker", f"{one} = {_hidden(settings[one].value)}")
    _options(settings, draft)


def _options(settings: Mapping[str, Setting], draft: Draft) -> None:
    given = settings.get("broker_transport_options")
    if given is None or given.value is None:
        return
    if not isinstance(given.value, dict):
        draft.leave("broker.options", shown(given.value))
        return
    for key, value in given.value.items():
        value = settled(value) if known(value) else value
        if isinstance(value, IntervalSpec):
            value = value.seconds
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if key in DURATIONS and number and value >= 0 and round(value, 3) == value:
            value = format_duration(value)
        if value is not None:
            draft.put(("broker", "options", str(key)), value)


def write_results(settings: Mapping[str, Setting], draft: Draft) -> None:
    """Put `[results]` into the draft, where there is a result backend."""
    backend = settings.get("result_backend")
    if backend is not None and settled(backend.value) not in ("", "disabled", False):
        value = backend.value
        plain = settled(value)
        if isinstance(value, str) and "://" not in value:
            draft.put(("results", "backend"), value, backend.where)
        elif value is not None:
            url = _written(value, "RESULT_BACKEND", "the result backend's URL", backend, draft)
            if url is not None:
                draft.put(("results", "url"), url)
                draft.origins.setdefault(("results",), backend.where or "settings")
            kind = _result_kind(plain)
            if url is not None and url.startswith("env:") and kind is not None:
                draft.put(("results", "backend"), kind)
    expires = settings.get("result_expires")
    value = None if expires is None else settled(expires.value)
    if isinstance(value, IntervalSpec):
        value = value.seconds
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        if "results" in draft.data:
            draft.put(("results", "expires"), format_duration(value))
        else:
            draft.leave("results", f"expires = {format_duration(value)!r}")
    elif expires is not None and value is not None:
        draft.leave("results", f"expires = {shown(expires.value)}")


def _result_kind(url: Any) -> str | None:
    if not isinstance(url, str) or url.endswith("-is-not-set://"):
        return None
    scheme = url.partition("://")[0].partition("+")[0]
    if not scheme or not scheme.replace("-", "").isalnum():
        return None
    return {"db": "database", "rediss": "redis", "sentinel": "redis"}.get(scheme, scheme)


def _transport(value: Any, named: Any) -> str | None:
    url = settled(value)
    if isinstance(url, Unknown):
        # `f"redis://{HOST}/0"`: what it is put together of begins with the kind.
        written = _WRITTEN_SCHEME.match(url.text)
        url = written[1] if written else url
    if isinstance(url, str) and "://" in url:
        scheme = url.partition("://")[0].lower()
    elif isinstance(url, str) and url in _BY_SCHEME:
        scheme = url
    elif isinstance(named, str):
        scheme = named.lower()
    elif value is None:
        return "rabbitmq"
    else:
        return None
    return _BY_SCHEME.get(scheme) or _BY_SCHEME.get(scheme.partition("+")[0])


def _by_options(settings: Mapping[str, Setting]) -> str | None:
    """Return redis where the broker has options that kombu takes for Redis alone."""
    given = settings.get("broker_transport_options")
    options = given.value if given is not None else None
    return "redis" if isinstance(options, dict) and REDIS_ONLY & options.keys() else None


def _written(
    value: Any, variable: str, what: str, setting: Setting | None, draft: Draft
) -> str | None:
    """Return what to write for a URL: `env:NAME`, or the URL where it holds no secret."""
    path = ("broker", "url") if "broker" in what else ("results", "url")
    where = None if setting is None else setting.where
    if isinstance(value, Env):
        if env_problem(value.name) is None:
            return f"env:{value.name}"
        value = settled(value)
    if value is None:
        return None
    spelt = ((setting.spelt if setting else None) or variable).upper()
    if isinstance(value, Unknown) or not isinstance(value, str):
        draft.note(
            WARNING,
            f"{what} is put together by code ({shown(value)}): give it in the variable {spelt}",
            path,
            where,
            "url-computed",
        )
        return f"env:{spelt}" if env_problem(spelt) is None else f"env:{variable}"
    if value.partition("://")[2] == "" and "://" in value and "broker" in what:
        return None
    found = next((name for name, one in os.environ.items() if one == value), None)
    if found is not None and env_problem(found) is None:
        return f"env:{found}"
    if url_password(value) or url_problem(value) is not None or ";" in value:
        name = spelt if env_problem(spelt) is None else variable
        draft.note(
            INFO if url_problem(value) else WARNING,
            f"{what} is written in the settings with its secret: give it in the variable {name}",
            path,
            where,
            "secret-in-settings",
        )
        return f"env:{name}"
    return value


def _hidden(value: Any) -> str:
    text = settled(value)
    return "a URL with a secret" if isinstance(text, str) and url_password(text) else shown(value)
