"""What an emitter is, and the table of them.

An emitter is a module with functions as `Emitter` says, imported when it is
asked for. It yields artifacts and never writes. Adding one is its module and a
line in `TARGETS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from qtopo.errors import UnknownNameError
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtopo.compiler.processes import Process
    from qtopo.topology.topology import Topology

    Progress = Callable[[int, int], None]


class Artifact(NamedTuple):
    """One file: where it belongs, and its text (UTF-8, one newline at its end)."""

    path: str
    content: str


@dataclass(frozen=True)
class Job:
    """What to emit.

    `output` is the path that was asked for (of a folder where the target writes
    one), `source` the name of the topology's file and `version` that of qtopo,
    for the header; `known_tasks` are names beyond those of the topology;
    `namespace` is the prefix of settings in upper case (Django's `CELERY`), or
    None; `target` is the name in `TARGETS`.
    """

    topology: Topology
    output: str
    source: str = "a topology"
    version: str = ""
    known_tasks: tuple[str, ...] = ()
    namespace: str | None = None
    target: str = ""

    @cached_property
    def processes(self) -> list[Process]:
        """The workers, then beat; those switched off too."""
        from qtopo.emit.launching import processes

        return processes(self.topology)

    def file(self, name: str) -> str:
        """Return the path of a file in the output folder."""
        return f"{self.output.rstrip('/') or '/'}/{name}"

    def header(self) -> list[str]:
        """Return the lines, to be written as comments, that every launch file begins with."""
        environment = self.topology.environment
        origin = self.source if environment is None else f"{self.source}{OVERLAID}{environment}"
        return [f"{mark(self.target)}: change the topology, not this file.", f"From: {origin}"]


OVERLAID = ", environment "
"""Stands between the names of the file and of the overlay in a header."""


def mark(target: str) -> str:
    """Return what the first line of a target's files says: such a file may be replaced."""
    return f"Made by qtopo emit --target {target}"


class Proof(NamedTuple):
    """What an emitted file was held against: how many tasks, and by which Celery."""

    tasks: int
    celery: str


@dataclass(frozen=True)
class Emitter:
    """A target: the functions of its module. `notes` and `prove` need not be there.

    - `emit(job)` returns the files: the same for the same job, whenever and
      wherever. Raises EmitError where the target cannot express the topology.
    - `summary(job)` returns what is in them, in a few words: `4 queues, 7 routes`.
    - `notes(job)` returns what a person has to know: what the platform cannot
      honour, what is still to be filled in.
    - `prove(job, artifacts, progress)` holds the files against what they are
      for; None where there is nothing to run. Raises ProofError where they do
      not do what the topology says.
    """

    emit: Callable[[Job], Sequence[Artifact]]
    summary: Callable[[Job], str]
    notes: Callable[[Job], Sequence[str]]
    prove: Callable[[Job, Sequence[Artifact], Progress | None], Proof | None]


class Target(NamedTuple):
    """An emitter's module, the names of files it is meant for, and what it writes.

    With `folder` it writes several files into a folder; a name that ends in / is
    no sign of which target is meant, so that one has to be named. With `settings`
    it writes Celery's settings: a namespace and tasks known elsewhere count there alone.
    """

    module: str
    patterns: tuple[str, ...]
    summary: str
    folder: bool = False
    settings: bool = False


TARGETS = {
    "asyncapi": Target(
        "qtopo.emit.asyncapi",
        ("asyncapi*.json", "asyncapi*.y*ml"),
        "the topology as an AsyncAPI 3.0 document",
    ),
    "celeryconfig": Target(
        "qtopo.emit.celeryconfig",
        ("*.py",),
        "Celery's settings as a Python module",
        settings=True,
    ),
    "compose": Target(
        "qtopo.emit.compose",
        ("compose*.y*ml", "docker-compose*.y*ml"),
        "services for docker compose",
    ),
    "definitions": Target(
        "qtopo.emit.definitions",
        ("definitions*.json", "*definitions.json"),
        "RabbitMQ's definitions: exchanges, queues, bindings",
    ),
    "keda": Target(
        "qtopo.emit.keda", (), "ScaledObjects for KEDA, one file per worker", folder=True
    ),
    "kubernetes": Target(
        "qtopo.emit.kubernetes", (), "Deployments for Kubernetes, one file per worker", folder=True
    ),
    "procfile": Target(
        "qtopo.emit.procfile", ("procfile", "procfile.*", "*.procfile"), "a Procfile, for honcho"
    ),
    "prometheus": Target(
        "qtopo.emit.prometheus",
        ("*.rules.y*ml", "alerts*.y*ml", "prometheus*.y*ml"),
        "alert rules for Prometheus",
    ),
    "settings-json": Target(
        "qtopo.emit.settings_json",
        ("*.json",),
        "Celery's settings as JSON, for app.conf.update and other programs",
        settings=True,
    ),
    "supervisor": Target(
        "qtopo.emit.supervisor",
        ("supervisor*.conf", "*.supervisor.conf"),
        "programs for supervisor, to be included in its own file",
    ),
    "systemd": Target("qtopo.emit.systemd", (), "units for systemd, and a target", folder=True),
    "topology-operator": Target(
        "qtopo.emit.topology_operator",
        (),
        "custom resources of RabbitMQ's messaging topology operator",
        folder=True,
    ),
}
"""Targets by name; where several patterns match a file's name the first counts."""


def target_of(path: str) -> str:
    """Return the name of the target that a file's name asks for.

    Raises UnknownNameError where none does.
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    if not name:
        folders = ", ".join(one for one, described in TARGETS.items() if described.folder)
        raise UnknownNameError(
            f"{path!r} is a folder, and several targets write one", f"add --target: {folders}"
        )
    for target, described in TARGETS.items():
        if any(fnmatchcase(name.lower(), pattern) for pattern in described.patterns):
            return target
    patterns = ", ".join(pattern for one in TARGETS.values() for pattern in one.patterns)
    raise UnknownNameError(
        f"no target writes files named {name!r}",
        f"name it {patterns} (in any case), or choose with --target: {', '.join(TARGETS)}",
    )


def emitter(target: str) -> Emitter:
    """Import and return the emitter of a target; UnknownNameError where there is none."""
    described = TARGETS.get(target)
    if described is None:
        hint = did_you_mean(target, TARGETS)
        raise UnknownNameError(
            f"no target {target!r}", hint or f"it is one of {', '.join(TARGETS)}"
        )
    module = import_module(described.module)
    return Emitter(
        module.emit,
        module.summary,
        getattr(module, "notes", lambda _: ()),
        getattr(module, "prove", lambda *_: None),
    )


def counted(number: int, noun: str) -> str:
    """Return `1 queue`, `2 queues`, `2 processes`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}{'es' if noun.endswith('s') else 's'}"
