"""Settings as JSON, for `app.conf.update(json.load(file))`.

JSON holds no objects: what only an object can say is refused, never dropped.
URLs of environment variables are left out; Celery reads CELERY_BROKER_URL and
CELERY_RESULT_BACKEND itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.compiler.settings import compile_settings
from qtopo.compiler.values import (
    BroadcastValue,
    CrontabValue,
    EnvUrl,
    QueueValue,
    RegexValue,
    SolarValue,
    TimedeltaValue,
    number,
)
from qtopo.emit import celeryconfig
from qtopo.emit.base import Artifact, Proof
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qtopo.compiler.queues import Declared
    from qtopo.emit.base import Job

_SHOWN = 5


def emit(job: Job) -> Sequence[Artifact]:
    """Return the JSON document; EmitError names everything that JSON cannot say."""
    text = json.dumps(settings(job), indent=2, ensure_ascii=False)
    return [Artifact(job.output, text + "\n")]


summary = celeryconfig.summary


def prove(
    job: Job, artifacts: Sequence[Artifact], progress: Callable[[int, int], None] | None = None
) -> Proof | None:
    """Update a Celery app with the document and route every known task."""
    from qtopo.emit import proof

    return proof.prove_settings(json.loads(artifacts[0].content), job, progress)


def settings(job: Job) -> dict[str, Any]:
    """Return the settings as JSON holds them."""
    if job.namespace is not None:
        raise EmitError(
            "settings as JSON have no namespace: app.conf.update takes their plain names",
            "leave --namespace out, or emit a Python module",
        )
    compiled = compile_settings(job.topology, known_tasks=job.known_tasks)
    problems = [*_problems(compiled.settings), *_undeclared(compiled.declared_at_start)]
    if problems:
        more = f", and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise EmitError(
            f"JSON cannot say {', '.join(problems[:_SHOWN])}{more}",
            "emit a Python module: qtopo emit celeryconfig.py",
        )
    return {
        name: _plain(value)
        for name, value in compiled.settings.items()
        if not isinstance(value, EnvUrl)
    }


def _problems(settings: Any) -> Iterator[str]:
    for queue in settings.get("task_queues", ()):
        if isinstance(queue, BroadcastValue):
            yield f"that queue {queue.name!r} is a broadcast"
        elif queue.exchange is None:
            yield f"the several bindings of queue {queue.name!r}"
    for pairs in settings.get("task_routes", ()):
        for key, _ in pairs:
            if isinstance(key, RegexValue):
                yield f"the regular expression {key.pattern!r} of a route"
    for name, entry in settings.get("beat_schedule", {}).items():
        if isinstance(entry["schedule"], (CrontabValue, SolarValue)):
            kind = "crontab" if isinstance(entry["schedule"], CrontabValue) else "solar event"
            yield f"the {kind} of schedule entry {name!r}"


def _undeclared(declared: Declared) -> Iterator[str]:
    """Name what a module would declare when a worker starts."""
    for queue in declared.queues:
        yield f"that queue {queue!r}, which no worker consumes, is declared"
    for exchange in declared.exchanges:
        yield f"that exchange {exchange.name!r}, which no consumed queue is bound to, is declared"
    for one in declared.bindings:
        yield f"that exchange {one.exchange.name!r} is bound to exchange {one.source.name!r}"


def _plain(value: Any) -> Any:
    if isinstance(value, TimedeltaValue):
        return number(value.seconds)
    if isinstance(value, list) and value and isinstance(value[0], QueueValue):
        return {queue.name: _queue(queue) for queue in value}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


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
