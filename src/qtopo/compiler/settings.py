"""A topology as Celery settings: plain values under the new lower-case names.

What is written and why follows docs: every queue with its exchange and key
spelt out, nothing created that is not declared, routes as one ordered list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.beat import compile_beat
from qtopo.compiler.options import transport_options
from qtopo.compiler.queues import Declared, compile_declared, compile_queues
from qtopo.compiler.routes import compile_routes
from qtopo.compiler.values import EnvUrl, number
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qtopo.topology.app import Results
    from qtopo.topology.tasks import Task
    from qtopo.topology.topology import Topology

OWN = frozenset(
    {
        "beat_max_loop_interval",
        "beat_schedule",
        "beat_schedule_filename",
        "beat_scheduler",
        "broker_read_url",
        "broker_transport",
        "broker_transport_options",
        "broker_url",
        "broker_write_url",
        "result_backend",
        "result_expires",
        "task_create_missing_queues",
        "task_create_missing_queue_exchange_type",
        "task_create_missing_queue_type",
        "task_default_exchange",
        "task_default_exchange_type",
        "task_default_priority",
        "task_default_queue",
        "task_default_queue_type",
        "task_default_routing_key",
        "task_queue_max_priority",
        "task_queues",
        "task_routes",
        "worker_pool",
    }
)
"""Settings that `[settings]` cannot give: the file says them elsewhere.

Some are never written at all, since they would undo what is: the worker's
`-P` cannot override `worker_pool`, `task_default_priority` beats every route's
priority, `task_queue_max_priority` changes every queue.
"""

_ANNOTATED = (
    "rate_limit",
    "time_limit",
    "soft_time_limit",
    "acks_late",
    "max_retries",
    "ignore_result",
)
"""Facts of `[tasks]` that Celery itself keeps; none of them has to do with routing."""

_NOT_SET = "is-not-set.invalid"
"""RFC 6761 keeps `.invalid` from ever being resolved."""


class CompiledSettings(NamedTuple):
    """Celery's settings, in the order to write them, and what has to be declared at start."""

    settings: Mapping[str, Any]
    declared_at_start: Declared


def compile_settings(topology: Topology, *, known_tasks: Iterable[str] = ()) -> CompiledSettings:
    """Return the settings of a topology; values are literals and those of `compiler.values`.

    `known_tasks` are names beyond those the topology knows: patterns that
    decide them are expanded to exact names. Raises EmitError where Celery
    cannot be told what the file says.
    """
    settings: dict[str, Any] = {"broker_url": _broker_url(topology)}
    options = transport_options(topology)
    if options:
        settings["broker_transport_options"] = options
    if topology.results is not None:
        settings |= _results(topology.results)
    settings |= _queues(topology)
    pairs = compile_routes(topology, known_tasks)
    if pairs:
        # One router: several would each be asked, and a list of pairs that is
        # not inside another is taken for several.
        settings["task_routes"] = (pairs,)
    # "*" would annotate every task.
    own = {
        name: facts
        for name, task in topology.tasks.items()
        if name != "*" and (facts := _facts(task))
    }
    annotations = _annotations(own, thaw(topology.settings.get("task_annotations")))
    if annotations:
        settings["task_annotations"] = annotations
    if topology.beat is not None:
        settings |= compile_beat(topology, topology.beat)
    for name, value in topology.settings.items():
        if name not in OWN and name not in settings:
            settings[name] = thaw(value)
    return CompiledSettings(settings, compile_declared(topology))


def _queues(topology: Topology) -> dict[str, Any]:
    default = topology.default_queue
    settings: dict[str, Any] = {
        "task_default_queue": default,
        "task_default_exchange": default,
        "task_default_exchange_type": "direct",
        "task_default_routing_key": default,
        "task_create_missing_queues": topology.defaults.create_missing_queues,
    }
    queues = compile_queues(topology)
    if queues:
        settings["task_queues"] = queues
    return settings


def _broker_url(topology: Topology) -> str | EnvUrl:
    scheme, url = topology.broker.kind.scheme, topology.broker.url
    if url is None:
        # Without a host: the transport's own default, or CELERY_BROKER_URL.
        return f"{scheme}://"
    if url.startswith("env:"):
        variable = url[len("env:") :]
        return EnvUrl(variable, f"{scheme}://{variable}.{_NOT_SET}")
    return url


def _results(results: Results) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    kind, url = results.kind, results.url
    if url is None:
        if kind is not None:
            settings["result_backend"] = kind
    elif url.startswith("env:"):
        variable = url[len("env:") :]
        # A host that does not exist would do for some backends, which would then
        # retry for long and not say its name; others take any text for a file's.
        # A scheme that does not exist is refused at once, by name.
        fallback = f"{variable}-is-not-set://"
        settings["result_backend"] = EnvUrl(variable, fallback)
    else:
        settings["result_backend"] = _result_url(results.backend, url)
    if results.expires is not None:
        settings["result_expires"] = number(results.expires)
    return settings


def _result_url(backend: str | None, url: str) -> str:
    """Return the URL as Celery reads it: databases and caches need their kind in front."""
    prefix = {"database": "db", "cache": "cache"}.get(backend or "")
    scheme = url.partition("://")[0]
    if prefix is None or scheme.partition("+")[0] in (prefix, backend):
        return url
    return f"{prefix}+{url}"


def _facts(task: Task) -> dict[str, Any]:
    facts = {}
    for key in _ANNOTATED:
        value = getattr(task, key)
        if value is not None:
            facts[key] = number(value) if type(value) is float else value
    return facts


def _annotations(own: dict[str, Any], theirs: Any) -> Any:
    """Put `[settings] task_annotations` over the facts of `[tasks]`, key by key."""
    if not theirs:
        return own
    if isinstance(theirs, dict):
        merged = {**own, **theirs}
        for name in own.keys() & theirs.keys():
            if isinstance(theirs[name], dict):
                merged[name] = {**own[name], **theirs[name]}
        return merged
    # A list, or the path of an object: Celery takes the first that has an answer.
    return [*(theirs if isinstance(theirs, list) else [theirs]), own] if own else theirs
