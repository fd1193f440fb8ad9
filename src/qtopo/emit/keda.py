"""KEDA objects: a ScaledObject for each worker that has a `scale`.

They go with the Deployments of target `kubernetes`, which give no replicas
where KEDA decides.
"""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any

from qtopo.compiler.processes import WORKER
from qtopo.emit import keda_triggers
from qtopo.emit.base import Artifact, counted
from qtopo.emit.keda_triggers import RABBITMQ, REDIS, Trigger
from qtopo.emit.kubernetes_objects import in_namespace, metadata, object_name, secret
from qtopo.emit.launching import deploy, reach, units
from qtopo.emit.yaml_ import commented, dump
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Scale, Worker

_API = "keda.sh/v1alpha1"
_POLLING = 30
_COOLDOWN = 300
_LONGEST_WINDOW = 3600
"""What Kubernetes takes as stabilizationWindowSeconds at most."""

_INT32 = 2**31 - 1
_PLAIN_METRIC = re.compile(r"[A-Za-z0-9_.-]+")


def emit(job: Job) -> Sequence[Artifact]:
    """Return a file for each worker that is scaled, and how KEDA gets at the broker.

    Raises EmitError where no worker is, or where KEDA could not be told what it needs.
    """
    keda_triggers.broker(job)
    scaled = _scaled(job)
    head = commented(job.header())
    reached = reach(job.topology)
    artifacts = [
        Artifact(
            job.file(f"{unit.slug}-scaledobject.yaml"),
            head + dump(_scaled_object(job, unit, worker, scale, reached)),
        )
        for unit, worker, scale in scaled
    ]
    name = _authentication(job)
    if name is not None:
        path = job.file("triggerauthentication.yaml")
        artifacts.append(Artifact(path, head + dump(_trigger_authentication(job, name))))
    return artifacts


def summary(job: Job) -> str:
    """Return how many workers are scaled, and by how many triggers."""
    scaled = _scaled(job)
    watched = sum(len(keda_triggers.triggers(job, worker)) for _, worker, _ in scaled)
    return f"{counted(len(scaled), 'ScaledObject')}, {counted(watched, 'trigger')}"


def notes(job: Job) -> Sequence[str]:
    """Return what the Secret needs, and what KEDA cannot see."""
    found = []
    if _authentication(job) is not None:
        found.append(_needed_keys(job))
    if keda_triggers.broker(job) == REDIS:
        found += _about_redis(job)
    else:
        found += _about_rabbitmq(job)
    return [*found, *_shared(job)]


def _scaled(job: Job) -> list[tuple[Unit, Worker, Scale]]:
    """Return what is scaled; EmitError where nothing is, or not by numbers that fit together."""
    found = []
    for unit in units(job):
        scale = unit.process.scale
        if unit.process.kind != WORKER or scale is None:
            continue
        name = unit.process.name
        if not scale.min <= scale.max <= _INT32:
            raise EmitError(
                f"worker {name!r} is to have between {scale.min} and {scale.max} processes",
                "scale.min is at most scale.max",
            )
        found.append((unit, job.topology.workers[name], scale))
    if not found:
        raise EmitError(
            "no worker is scaled, so there is nothing for KEDA to do",
            "say between how many processes: [workers.NAME] scale = { min = 1, max = 10 }",
        )
    return found


def _scaled_object(
    job: Job,
    unit: Unit,
    worker: Worker,
    scale: Scale,
    reached: Mapping[str, Collection[str]],
) -> dict[str, Any]:
    triggers = keda_triggers.triggers(job, worker)
    if not triggers:
        raise EmitError(
            f"nothing says how much worker {worker.name!r} has to do: its queues are broadcast "
            "or streams, whose length no further process makes shorter",
            f"take scale out of [workers.{worker.name!r}]",
        )
    longest = longest_task(job.topology, worker, reached)
    window = min(max(_COOLDOWN, longest), _LONGEST_WINDOW)
    advanced: dict[str, Any] = {
        "horizontalPodAutoscalerConfig": {
            "behavior": {
                "scaleDown": {
                    "stabilizationWindowSeconds": window,
                    # Kubernetes takes whichever pod it likes, so no more than a few at a time.
                    "policies": [
                        {"type": "Pods", "value": max(1, scale.max // 10), "periodSeconds": 60}
                    ],
                }
            }
        }
    }
    if len(triggers) > 1 or not _PLAIN_METRIC.fullmatch(_watched(triggers[0])):
        # Without a formula the largest of the queues would count, and the rest wait.
        # The sum also goes by a name of KEDA's: that of a list may hold anything.
        advanced["scalingModifiers"] = {
            "formula": " + ".join(one.name for one in triggers),
            "target": str(keda_triggers.per_replica(job.topology, worker)),
            "metricType": "AverageValue",
        }
    return {
        "apiVersion": _API,
        "kind": "ScaledObject",
        "metadata": metadata(job, unit),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": object_name(job, unit.slug),
            },
            "pollingInterval": _POLLING,
            "cooldownPeriod": min(max(_COOLDOWN, longest), _INT32),
            "minReplicaCount": scale.min,
            "maxReplicaCount": scale.max,
            # What cannot be read stops nobody; and where there is no process yet, one
            # is started, which declares the queues that could not be read.
            "fallback": {
                "failureThreshold": 3,
                "replicas": max(1, scale.min),
                "behavior": "currentReplicasIfHigher",
            },
            "advanced": advanced,
            "triggers": [_trigger(job, one) for one in triggers],
        },
    }


def longest_task(topology: Topology, worker: Worker, reached: Mapping[str, Collection[str]]) -> int:
    """Return the seconds that the longest known task of a worker may take, rounded up; 0: none."""
    consumed = set(worker.queues or ())
    everywhere = topology.settings.get("task_time_limit")
    found = []
    if isinstance(everywhere, (int, float)) and not isinstance(everywhere, bool):
        found.append(float(everywhere))
    for name, task in topology.tasks.items():
        if not consumed & set(reached.get(name, ())):
            continue
        if task.time_limit is not None:
            found.append(task.time_limit)
        elif task.duration is not None:
            found.append(task.duration.p99 or task.duration.mean)
    return ceil(max(found, default=0.0))


def _watched(trigger: Trigger) -> str:
    """Return the name that KEDA makes the metric's of."""
    return trigger.metadata.get("listName") or "queue"


def _trigger(job: Job, trigger: Trigger) -> dict[str, Any]:
    written: dict[str, Any] = {
        "type": trigger.type,
        "name": trigger.name,
        "metadata": trigger.metadata,
    }
    name = _authentication(job)
    if name is not None:
        written["authenticationRef"] = {"name": name}
    return written


def _authentication(job: Job) -> str | None:
    """Return the name of the TriggerAuthentication, None where nothing is secret.

    Raises EmitError where KEDA could not get at the broker without one.
    """
    if secret(job) is not None:
        return object_name(job, "broker")
    if all(one.optional for one in keda_triggers.keys(job)):
        return None
    raise EmitError(
        "KEDA needs to get at the broker, and no Secret is named to tell it how",
        'name it: [deploy] secret = "celery"',
    )


def _trigger_authentication(job: Job, name: str) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "TriggerAuthentication",
        "metadata": {
            "name": name,
            **in_namespace(job),
            "labels": {"app.kubernetes.io/managed-by": "qtopo"},
        },
        "spec": {
            "secretTargetRef": [
                {"parameter": one.parameter, "name": secret(job), "key": one.key}
                for one in keda_triggers.keys(job)
            ]
        },
    }


def _needed_keys(job: Job) -> str:
    keys = keda_triggers.keys(job)
    if keda_triggers.broker(job) == RABBITMQ:
        return (
            f"the Secret {secret(job)!r} has to have {keys[0].key}, the URL of RabbitMQ's "
            "management API with the vhost: http://user:password@host:15672/vhost, its parts "
            "percent-encoded; KEDA counts over HTTP what workers have taken"
        )
    needed = [one.key for one in keys if not one.optional]
    may = " and ".join(one.key for one in keys if one.optional)
    must = f"has to have {', '.join(needed)}, such as redis:6379, and " if needed else ""
    return f"the Secret {secret(job)!r} {must}may have {may}"


def _about_rabbitmq(job: Job) -> list[str]:
    idle = [worker.name for _, worker, scale in _scaled(job) if scale.min == 0]
    if not idle:
        return []
    note = (
        f"{', '.join(map(repr, idle))} may go down to no process: a queue that does not exist "
        "yet cannot be read, so on a new broker KEDA starts one after four failed looks, about "
        "two minutes; declare the queues before, or keep one process with scale.min = 1"
    )
    return [note]


def _about_redis(job: Job) -> list[str]:
    blind = (
        "on Redis KEDA sees only what no worker has taken: running and prefetched tasks do not "
        "count, so a busy worker may be stopped (it finishes its tasks first, within its grace)"
    )
    found = [blind]
    greedy = [worker.name for _, worker, _ in _scaled(job) if _takes_ahead(job.topology, worker)]
    if greedy:
        found.append(
            f"{', '.join(map(repr, greedy))} takes tasks ahead of time, which hides them from "
            "KEDA: give prefetch_multiplier = 1 and acks_late tasks, or "
            'extra_args = ["--disable-prefetch"]'
        )
    url = job.topology.broker.url
    if deploy(job).redis_database is None and (url is None or url.startswith("env:")):
        found.append(
            "KEDA looks into Redis database 0, since the URL is not in the file: say another "
            "with [deploy] redis_database"
        )
    return found


def _takes_ahead(topology: Topology, worker: Worker) -> bool:
    """Whether a worker reserves more than it runs."""
    if "--disable-prefetch" in worker.extra_args or topology.settings.get(
        "worker_disable_prefetch"
    ):
        return False
    setting = topology.settings.get("worker_prefetch_multiplier")
    return (worker.prefetch_multiplier or setting) != 1


def _shared(job: Job) -> list[str]:
    """Return a note for each queue that several workers are scaled by."""
    by_queue: dict[str, list[str]] = {}
    for _, worker, _ in _scaled(job):
        for queue in keda_triggers.scaling_queues(job, worker):
            by_queue.setdefault(queue, []).append(worker.name)
    return [
        f"queue {queue!r} scales {' and '.join(map(repr, names))}, each as if it were alone"
        for queue, names in by_queue.items()
        if len(names) > 1
    ]
