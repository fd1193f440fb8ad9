"""Names, labels and texts of objects in Kubernetes: those of the workers, and those of KEDA."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.compiler.processes import BEAT
from qtopo.emit.launching import application, deploy
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit

_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LABEL = re.compile(_PART)
_SUBDOMAIN = re.compile(rf"{_PART}(?:\.{_PART})*")
_LONGEST_LABEL = 63
_LONGEST_SUBDOMAIN = 253
_LONGEST_APP = 22
"""With a slug of 40 and a hyphen 63: what a label, and so KEDA, takes as a name."""


def object_name(job: Job, slug: str) -> str:
    """Return the name of an object: several applications may share a namespace."""
    return f"{application(job.topology, _LONGEST_APP)}-{slug}"


def metadata(job: Job, unit: Unit) -> dict[str, Any]:
    """Return the metadata of an object that belongs to a process."""
    found: dict[str, Any] = {"name": object_name(job, unit.slug), **in_namespace(job)}
    found["labels"] = {**selector(job, unit), "app.kubernetes.io/managed-by": "qtopo"}
    told = _annotations(job, unit)
    if told:
        found["annotations"] = told
    return found


def selector(job: Job, unit: Unit) -> dict[str, str]:
    """Return the labels that tell a process's pods; a Deployment's can never be changed."""
    return {
        "app.kubernetes.io/name": application(job.topology, _LONGEST_APP),
        "app.kubernetes.io/instance": unit.slug,
        "app.kubernetes.io/component": unit.process.kind,
    }


def in_namespace(job: Job) -> dict[str, str]:
    """Return the namespace as metadata; nothing where the file leaves it to kubectl."""
    name = deploy(job).namespace
    if name is None:
        return {}
    if len(name) > _LONGEST_LABEL or not _LABEL.fullmatch(name):
        raise EmitError(
            f"Kubernetes has no namespace {name!r}",
            "[deploy] namespace is lower-case letters, digits and hyphens, at most 63",
        )
    return {"namespace": name}


def secret(job: Job) -> str | None:
    """Return the Secret's name, None where the file names none; EmitError where it cannot be."""
    return _subdomain(job, "secret", "Secret")


def cluster(job: Job) -> str | None:
    """Return the RabbitmqCluster's name, None where there is none; EmitError as for `secret`."""
    return _subdomain(job, "rabbitmq_cluster", "RabbitmqCluster")


def _subdomain(job: Job, key: str, kind: str) -> str | None:
    """Return the name of an object that somebody else made, as a key of `[deploy]` has it."""
    name: str | None = getattr(deploy(job), key)
    if name is None:
        return None
    if len(name) > _LONGEST_SUBDOMAIN or not _SUBDOMAIN.fullmatch(name):
        raise EmitError(
            f"Kubernetes has no {kind} {name!r}",
            f"[deploy] {key} is lower-case letters, digits, hyphens and points",
        )
    return name


def literal(value: str) -> str:
    """Return a text that Kubernetes reads as it stands: `$(NAME)` would be a variable.

    Every dollar sign is doubled: of two in a row it makes one, wherever they are.
    """
    return value.replace("$", "$$")


def _annotations(job: Job, unit: Unit) -> dict[str, str]:
    """Return what people want to know: the name in the topology, what it is for, whose it is."""
    if unit.process.kind == BEAT:
        return {}
    worker = job.topology.workers[unit.process.name]
    told = {
        "qtopo/worker": worker.name if worker.name != unit.slug else None,
        "kubernetes.io/description": worker.description,
        "qtopo/owner": worker.owner,
    }
    return {key: value for key, value in told.items() if value}
