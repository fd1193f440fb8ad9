"""Settings as real objects of kombu and Celery, for an app in this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qtopo.compiler.settings import compile_settings
from qtopo.compiler.values import (
    BindingValue,
    BroadcastValue,
    CrontabValue,
    EnvUrl,
    ExchangeValue,
    QueueValue,
    RegexValue,
    SolarValue,
    TimedeltaValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtopo.topology.topology import Topology


def celery_settings(topology: Topology, *, known_tasks: Iterable[str] = ()) -> dict[str, Any]:
    """Return what `app.conf.update` takes; new objects at every call.

    Never share them between apps: Celery writes an app's defaults into its
    queues. URLs are read from the environment now. What no worker declares
    (parked dead letters, alternate exchanges) is not in settings: `configure`
    sees to it. Raises EmitError where Celery cannot be told what the file says.
    """
    compiled = compile_settings(topology, known_tasks=known_tasks)
    return {name: to_live(value) for name, value in compiled.settings.items()}


def configure(app: Any, topology: Topology, *, known_tasks: Iterable[str] = ()) -> None:
    """Give a Celery app its settings, and its workers the steps that go with them.

    The workers declare what none of them consumes, and keep the heartbeat file.
    """
    app.conf.update(celery_settings(topology, known_tasks=known_tasks))
    if topology.deploy is not None and topology.deploy.heartbeat_file is not None:
        from qtopo.compiler.heartbeat import Heartbeat

        own = {"path": topology.deploy.heartbeat_file}
        app.steps["worker"].add(type("Heartbeat", (Heartbeat,), own))
    declared = compile_settings(topology).declared_at_start
    if not declared:
        return
    from celery import bootsteps

    class DeclareUnconsumed(bootsteps.StartStopStep):  # type: ignore[misc, unused-ignore]
        """Declares what no worker consumes: connected, and before the first message is taken."""

        requires = ("celery.worker.consumer.connection:Connection",)

        def start(self, parent: Any) -> None:
            with parent.connection.channel() as channel:
                for name in declared.queues:
                    app.amqp.queues[name](channel).declare()
                for exchange in declared.exchanges:
                    to_live(exchange)(channel).declare()
                for one in declared.bindings:
                    bound, source = to_live(one.exchange)(channel), to_live(one.source)(channel)
                    source.declare()
                    bound.declare()
                    bound.bind_to(source, one.routing_key, dict(one.arguments))

    app.steps["consumer"].add(DeclareUnconsumed)


def to_live(value: Any) -> Any:
    """Return a compiled value with the real thing in place of each plain one."""
    make = _MAKE.get(type(value))
    if make is not None:
        return make(value)
    if isinstance(value, dict):
        return {key: to_live(one) for key, one in value.items()}
    if isinstance(value, list):
        return [to_live(one) for one in value]
    if isinstance(value, tuple):
        return tuple(to_live(one) for one in value)
    return value


def _exchange(value: ExchangeValue) -> Any:
    from kombu import Exchange

    return Exchange(value.name, type=value.type, **to_live(dict(value.options)))


def _binding(value: BindingValue) -> Any:
    from kombu import binding

    return binding(
        _exchange(value.exchange),
        routing_key=value.routing_key,
        arguments=dict(value.arguments) or None,
    )


def _queue(value: QueueValue) -> Any:
    from kombu import Queue

    options = to_live(dict(value.options))
    if value.exchange is None:
        return Queue(value.name, bindings=[_binding(one) for one in value.bindings], **options)
    return Queue(value.name, _exchange(value.exchange), routing_key=value.routing_key, **options)


def _broadcast(value: BroadcastValue) -> Any:
    from kombu.common import Broadcast

    return Broadcast(
        value.name,
        exchange=_exchange(value.exchange),
        routing_key=value.routing_key,
        **to_live(dict(value.options)),
    )


def _env_url(value: EnvUrl) -> str:
    # A variable that is set but empty would make Celery fall back to localhost.
    return os.environ.get(value.variable) or value.fallback


def _regex(value: RegexValue) -> Any:
    import re

    return re.compile(value.pattern)


def _crontab(value: CrontabValue) -> Any:
    from celery.schedules import crontab

    return crontab(**value.fields)


def _solar(value: SolarValue) -> Any:
    from celery.schedules import solar

    return solar(value.event, value.latitude, value.longitude)


def _timedelta(value: TimedeltaValue) -> Any:
    from datetime import timedelta

    return timedelta(seconds=value.seconds)


_MAKE: dict[type, Callable[[Any], Any]] = {
    BindingValue: _binding,
    BroadcastValue: _broadcast,
    CrontabValue: _crontab,
    EnvUrl: _env_url,
    ExchangeValue: _exchange,
    QueueValue: _queue,
    RegexValue: _regex,
    SolarValue: _solar,
    TimedeltaValue: _timedelta,
}
