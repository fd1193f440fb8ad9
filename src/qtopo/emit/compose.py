"""A compose file: a service for each worker, one for beat.

Compose puts variables of its own environment in for `$NAME` anywhere in a value,
so every dollar sign of the topology is doubled; the URLs alone are such variables.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from qtopo.compiler.processes import BEAT, url_variables
from qtopo.emit import probes
from qtopo.emit.base import Artifact, counted
from qtopo.emit.containers import image, schedule_file, unwritable_schedule, volume_folder
from qtopo.emit.launching import deploy, program, some, unbounded
from qtopo.emit.machine import started, unscaled
from qtopo.emit.yaml_ import commented, dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.compiler.processes import Process
    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit

_VOLUME = "beat-schedule"
_MIB = 2**20


def emit(job: Job) -> Sequence[Artifact]:
    """Return the file. Raises EmitError where no image is named."""
    picture = image(job)
    running = started(job)
    document: dict[str, Any] = {
        "services": {unit.slug: _service(job, unit, picture) for unit in running}
    }
    if any(_schedule_folder(job, unit.process) for unit in running):
        document["volumes"] = {_VOLUME: {}}
    return [Artifact(job.output, commented(job.header()) + dump(document))]


def summary(job: Job) -> str:
    """Return how many services there are."""
    return counted(len(started(job)), "service")


def notes(job: Job) -> Sequence[str]:
    """Return what has no bound, no place or no check."""
    running = started(job)
    found = unbounded(job) + unscaled(job)
    known = deploy(job)
    if known.group is not None and known.user is None:
        found.append(
            f"[deploy] group {known.group!r} is left out: compose takes a group behind a user alone"
        )
    if any(unit.process.kind == BEAT for unit in running):
        found += unwritable_schedule(job)
    unchecked = [
        unit.process.name
        for unit in running
        if unit.process.kind != BEAT and _check(job, unit.process) is None
    ]
    if unchecked:
        found.append(
            f"nothing can tell whether {some(map(repr, unchecked))} is well, so there is no "
            "healthcheck: a solo worker answers nobody while it works, others need remote "
            "control or [deploy] heartbeat_file"
        )
    return found


def _service(job: Job, unit: Unit, picture: str) -> dict[str, Any]:
    process, known = unit.process, deploy(job)
    service: dict[str, Any] = {
        "image": _literal(picture),
        # An entry point of the image would stand between the signals and Celery.
        "entrypoint": [],
        "command": _literals(program(job, process.argv)),
        "init": True,
        "restart": "unless-stopped",
        "stop_signal": "SIGTERM",
        "stop_grace_period": f"{process.shutdown.seconds}s",
    }
    if known.directory is not None:
        service["working_dir"] = _literal(known.directory)
    if known.user is not None:
        who = known.user if known.group is None else f"{known.user}:{known.group}"
        service["user"] = _literal(who)
    if known.env_file is not None:
        service["env_file"] = [_literal(known.env_file)]
    environment = _environment(job, process)
    if environment:
        service["environment"] = environment
    service["healthcheck"] = _healthcheck(job, process)
    heartbeat = _heartbeat_folder(job, process)
    if heartbeat is not None:
        # Anyone may write there; what the image has belongs to root.
        service["tmpfs"] = [_literal(heartbeat)]
    folder = _schedule_folder(job, process)
    if folder is not None:
        service["volumes"] = [{"type": "volume", "source": _VOLUME, "target": _literal(folder)}]
    labels = _labels(job, unit)
    if labels:
        service["labels"] = labels
    service["deploy"] = _deployed(process)
    return service


def _environment(job: Job, process: Process) -> dict[str, str]:
    """Return the variables: the URLs come from who starts compose, unless a file holds them."""
    passed: dict[str, str] = {}
    if deploy(job).env_file is None:
        passed = {name: f"${{{name}:?is not set}}" for name in url_variables(job.topology)}
    return passed | {name: _literal(value) for name, value in process.env.items()}


def _check(job: Job, process: Process) -> tuple[str, ...] | None:
    return probes.heartbeat(job, process) or probes.ping(job, process)


def _healthcheck(job: Job, process: Process) -> dict[str, Any]:
    """Return the check; one that the image has is for something else, such as its web server."""
    command = _check(job, process)
    if command is None:
        return {"disable": True}
    return {
        "test": ["CMD", *_literals(command)],
        "interval": "60s",
        "timeout": f"{probes.PING_TIMEOUT}s",
        "retries": 3,
        "start_period": "120s",
    }


def _schedule_folder(job: Job, process: Process) -> str | None:
    path = schedule_file(job)
    return None if process.kind != BEAT or path is None else volume_folder(job, path)


def _heartbeat_folder(job: Job, process: Process) -> str | None:
    path = deploy(job).heartbeat_file
    return None if process.kind == BEAT or path is None else volume_folder(job, path)


def _labels(job: Job, unit: Unit) -> dict[str, str]:
    """Return what people want to know: the name in the topology, what it is for, whose it is."""
    worker = job.topology.workers.get(unit.process.name) if unit.process.kind != BEAT else None
    if worker is None:
        return {}
    told = {
        "qtopo.worker": worker.name if worker.name != unit.slug else None,
        "qtopo.description": worker.description,
        "qtopo.owner": worker.owner,
    }
    return {key: _literal(value) for key, value in told.items() if value}


def _deployed(process: Process) -> dict[str, Any]:
    beat = process.kind == BEAT
    found: dict[str, Any] = {
        # Two beats send everything twice.
        "replicas": 1 if beat else process.replicas,
        "update_config": {"order": "stop-first" if beat else "start-first"},
    }
    resources: dict[str, dict[str, str]] = {}
    memory, cpus = process.needs.memory, process.needs.cpus
    if memory is not None:
        resources["limits"] = {"memory": f"{ceil(memory / _MIB)}m"}
    reserved = {}
    if cpus:
        reserved["cpus"] = f"{max(cpus, 0.01):.2f}"
    if memory is not None:
        reserved["memory"] = f"{ceil(memory / _MIB)}m"
    if reserved:
        resources["reservations"] = reserved
    if resources:
        found["resources"] = resources
    return found


def _literal(value: str) -> str:
    """Return a text that compose reads as it stands."""
    return value.replace("$", "$$")


def _literals(values: Iterable[str]) -> list[str]:
    return [_literal(one) for one in values]
