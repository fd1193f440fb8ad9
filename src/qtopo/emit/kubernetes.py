"""Kubernetes manifests: for each worker a Deployment and its PodDisruptionBudget, and beat's.

What loses tasks elsewhere is spelt out: time to stop that is as long as the
tasks, no shell in between, no check that restarts workers because the broker is away.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from qtopo.compiler.processes import BEAT, url_variables
from qtopo.emit import probes
from qtopo.emit.base import Artifact, counted
from qtopo.emit.containers import image, schedule_file, unwritable_schedule, volume_folder
from qtopo.emit.kubernetes_objects import literal, metadata, secret, selector
from qtopo.emit.launching import deploy, program, unbounded, units
from qtopo.emit.yaml_ import commented, dump
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.compiler.processes import Process
    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit

_TMP = "/tmp"  # noqa: S108  a folder in the container
_MIB = 2**20
_HIGHEST_ID = 2**31 - 1
_SURGE = 4


def emit(job: Job) -> Sequence[Artifact]:
    """Return a file for each worker, and beat's.

    Raises EmitError where the image is missing, or the Secret that the URLs come from.
    """
    picture = image(job)
    _need_secret(job)
    head = commented(job.header())
    return [
        Artifact(job.file(f"{unit.slug}.yaml"), head + dump(*_objects(job, unit, picture)))
        for unit in units(job)
    ]


def summary(job: Job) -> str:
    """Return how many Deployments there are."""
    return counted(len(units(job)), "Deployment")


def notes(job: Job) -> Sequence[str]:
    """Return what has no bound or no check, and what the image and the cluster have to bring."""
    found = unbounded(job)
    known = deploy(job)
    variables = url_variables(job.topology)
    if variables:
        found.append(f"the Secret {known.secret!r} has to have {', '.join(variables)}")
    if _number(known.user) is None:
        named = "" if known.user is None else f": {known.user!r} is a name"
        found.append(
            "the image has to say its user as a number, since runAsNonRoot takes no name; or "
            f"say it here with [deploy] user{named}"
        )
    if known.group is not None and _number(known.group) is None:
        found.append(
            f"[deploy] group {known.group!r} is left out: Kubernetes takes a number, not a name"
        )
    if any(unit.process.kind == BEAT for unit in units(job)):
        found += unwritable_schedule(job)
    return [*found, *_unwatched(job)]


def _unwatched(job: Job) -> list[str]:
    """Return notes on workers that nothing restarts when they hang."""
    workers = [unit.process for unit in units(job) if unit.process.kind != BEAT]
    path = deploy(job).heartbeat_file
    if path is None:
        if not workers:
            return []
        note = (
            "there is no livenessProbe: a ping through the broker would restart every worker "
            "when the broker is away; with [deploy] heartbeat_file a worker shows that its own "
            "loop turns"
        )
        return [note]
    found = []
    unknown = [one.name for one in workers if probes.heartbeat(job, one) is None]
    if unknown:
        found.append(
            f"there is no livenessProbe for {', '.join(map(repr, unknown))}: the name of the node, "
            "and with it that of the heartbeat file, is not known here"
        )
    if volume_folder(job, path) is None:
        found.append(
            f"no volume can be mounted for the heartbeat file {path!r}, so the workers' root "
            'file system stays writable; give it a folder of its own: "/run/celery/heartbeat"'
        )
    return found


def _need_secret(job: Job) -> None:
    variables = url_variables(job.topology)
    if secret(job) is None and variables:
        raise EmitError(
            f"the URLs are read from {', '.join(variables)}, and no Secret is named to have them",
            'name it: [deploy] secret = "celery"',
        )


def _objects(job: Job, unit: Unit, picture: str) -> list[dict[str, Any]]:
    objects = [_deployment(job, unit, picture)]
    if unit.process.kind != BEAT:
        objects.append(_disruption_budget(job, unit))
    return objects


def _deployment(job: Job, unit: Unit, picture: str) -> dict[str, Any]:
    process = unit.process
    beat = process.kind == BEAT
    spec: dict[str, Any] = {}
    # A number would be set again at every apply, against the autoscaler.
    if process.scale is None:
        spec["replicas"] = 1 if beat else process.replicas
    spec["selector"] = {"matchLabels": selector(job, unit)}
    # A rolling update would have two beats for a while, and everything sent twice.
    spec["strategy"] = {"type": "Recreate"} if beat else _rolling(process)
    spec["template"] = {
        "metadata": {
            "labels": {**selector(job, unit), "app.kubernetes.io/managed-by": "qtopo"},
        },
        "spec": _pod(job, unit, picture),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(job, unit),
        "spec": spec,
    }


def _rolling(process: Process) -> dict[str, Any]:
    """Return an update that starts new workers before it stops old ones, a quarter at a time."""
    most = max(process.replicas, process.scale.max if process.scale else 0, 1)
    surge = max(1, ceil(most / _SURGE))
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": surge}}


def _pod(job: Job, unit: Unit, picture: str) -> dict[str, Any]:
    mounts = _mounts(job, unit.process)
    return {
        "terminationGracePeriodSeconds": unit.process.shutdown.seconds,
        "automountServiceAccountToken": False,
        # A Service named celery-worker would set CELERY_WORKER_PORT, which Celery
        # reads as an option of the command line.
        "enableServiceLinks": False,
        "securityContext": _pod_security(job),
        "containers": [_container(job, unit, picture, mounts)],
        "volumes": [{"name": name, "emptyDir": {}} for name in mounts],
    }


def _container(job: Job, unit: Unit, picture: str, mounts: dict[str, str]) -> dict[str, Any]:
    process, known = unit.process, deploy(job)
    container: dict[str, Any] = {
        "name": process.kind,
        "image": picture,
        "command": [literal(one) for one in program(job, process.argv)],
    }
    if known.directory is not None:
        container["workingDir"] = known.directory
    environment = _environment(job, process)
    if environment:
        container["env"] = environment
    resources = _resources(process)
    if resources:
        container["resources"] = resources
    container |= _probes(job, process)
    container["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": _read_only(job, process),
    }
    container["volumeMounts"] = [
        {"name": name, "mountPath": folder} for name, folder in mounts.items()
    ]
    return container


def _environment(job: Job, process: Process) -> list[dict[str, Any]]:
    """Return the variables: the URLs out of the Secret, then the worker's own."""
    name = secret(job)
    return [
        *(
            {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": variable}}}
            for variable in url_variables(job.topology)
            if variable not in process.env
        ),
        *({"name": key, "value": literal(value)} for key, value in process.env.items()),
    ]


def _resources(process: Process) -> dict[str, dict[str, str]]:
    """Return what is known; never a limit of CPU, which only slows down what has room."""
    requests = {}
    if process.needs.cpus:
        requests["cpu"] = f"{ceil(process.needs.cpus * 1000)}m"
    found = {}
    if process.needs.memory is not None:
        memory = f"{ceil(process.needs.memory / _MIB)}Mi"
        requests["memory"] = memory
        found["limits"] = {"memory": memory}
    if requests:
        found["requests"] = requests
    return found


def _probes(job: Job, process: Process) -> dict[str, Any]:
    """Return the probes: a start is over when the worker answers, life is that its loop turns."""
    alive, asked = probes.heartbeat(job, process), probes.ping(job, process)
    found: dict[str, Any] = {}
    started = asked or alive
    if started is not None:
        # Five minutes to start, with time enough for each answer.
        found["startupProbe"] = _probe(started, 10, probes.PING_TIMEOUT, 30)
    if alive is not None:
        found["livenessProbe"] = _probe(alive, 30, 10, 3)
    return found


def _probe(command: tuple[str, ...], period: int, timeout: int, failures: int) -> dict[str, Any]:
    """Return a probe; `period` and `timeout` in seconds."""
    return {
        "exec": {"command": [literal(one) for one in command]},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def _pod_security(job: Job) -> dict[str, Any]:
    known = deploy(job)
    user, group = _number(known.user), _number(known.group)
    if user == 0:
        raise EmitError("[deploy] user is root, which no worker runs as", "give another user")
    found: dict[str, Any] = {"runAsNonRoot": True}
    if user is not None:
        found["runAsUser"] = user
    if group is not None:
        found |= {"runAsGroup": group, "fsGroup": group}
    found["seccompProfile"] = {"type": "RuntimeDefault"}
    return found


def _number(who: str | None) -> int | None:
    """Return a user or group as Kubernetes takes it: by number, never by name."""
    if who is None or not (who.isascii() and who.isdecimal()) or int(who) > _HIGHEST_ID:
        return None
    return int(who)


def _written(job: Job, process: Process) -> tuple[str, str] | None:
    """Return a name and the path of the file that a process writes, None where it writes none."""
    if process.kind == BEAT:
        path = schedule_file(job)
        return None if path is None else ("schedule", path)
    path = deploy(job).heartbeat_file
    return None if path is None else ("heartbeat", path)


def _mounts(job: Job, process: Process) -> dict[str, str]:
    """Return the folders that can be written, by the names of their volumes."""
    mounts = {"tmp": _TMP}
    written = _written(job, process)
    if written is not None:
        name, path = written
        folder = volume_folder(job, path)
        if folder not in (None, _TMP):
            mounts[name] = str(folder)
    return mounts


def _read_only(job: Job, process: Process) -> bool:
    """Whether everything that is written has a volume."""
    written = _written(job, process)
    return written is None or volume_folder(job, written[1]) is not None


def _disruption_budget(job: Job, unit: Unit) -> dict[str, Any]:
    """Return the budget: one pod at a time, which never blocks a drain, as minAvailable does."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(job, unit),
        "spec": {
            "maxUnavailable": 1,
            # A pod that cannot become ready must not keep a node from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(job, unit)},
        },
    }
