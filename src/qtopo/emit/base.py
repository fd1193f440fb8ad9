"""What an emitter is, and the table of them.

An emitter is a module with the functions of `Emitter`, imported when it is
asked for. It yields artifacts and never writes. Adding one is its module and a
line in `TARGETS`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from qtopo.errors import UnknownNameError
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtopo.topology.topology import Topology


class Artifact(NamedTuple):
    """One file: where it belongs, and its text (UTF-8, one newline at its end)."""

    path: str
    content: str


class Job(NamedTuple):
    """What to emit.

    `output` is the path that was asked for, `source` the name of the topology's
    file and `version` that of qtopo, for the header; `known_tasks` are names
    beyond those of the topology; `namespace` is the prefix of settings in
    upper case (Django's `CELERY`), or None.
    """

    topology: Topology
    output: str
    source: str = "a topology"
    version: str = ""
    known_tasks: tuple[str, ...] = ()
    namespace: str | None = None


class Proof(NamedTuple):
    """What an emitted file was held against: how many tasks, and by which Celery."""

    tasks: int
    celery: str


class Emitter(Protocol):
    """A target."""

    def emit(self, job: Job) -> Sequence[Artifact]:
        """Return the files: the same for the same job, whenever and wherever.

        Raises EmitError where the target cannot express the topology.
        """

    def summary(self, job: Job) -> str:
        """Return what is in the files, in a few words: `4 queues, 7 routes`."""

    def prove(
        self,
        job: Job,
        artifacts: Sequence[Artifact],
        progress: Callable[[int, int], None] | None = None,
    ) -> Proof | None:
        """Hold the files against what they are for; None where there is nothing to run.

        Raises ProofError where they do not do what the topology says.
        """


class Target(NamedTuple):
    """An emitter's module, the names of files it is meant for, and what it writes."""

    module: str
    patterns: tuple[str, ...]
    summary: str


TARGETS = {
    "celeryconfig": Target(
        "qtopo.emit.celeryconfig", ("*.py",), "Celery's settings as a Python module"
    ),
    "settings-json": Target(
        "qtopo.emit.settings_json",
        ("*.json",),
        "Celery's settings as JSON, for app.conf.update and other programs",
    ),
}
"""Targets by name; where several patterns match a file's name the first counts."""


def target_of(path: str) -> str:
    """Return the name of the target that a file's name asks for.

    Raises UnknownNameError where none does.
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    for target, described in TARGETS.items():
        if any(fnmatchcase(name.lower(), pattern) for pattern in described.patterns):
            return target
    patterns = ", ".join(pattern for one in TARGETS.values() for pattern in one.patterns)
    raise UnknownNameError(
        f"no target writes files named {name!r}",
        f"name it {patterns}, or choose with --target: {', '.join(TARGETS)}",
    )


def emitter(target: str) -> Emitter:
    """Import and return the emitter of a target; UnknownNameError where there is none."""
    described = TARGETS.get(target)
    if described is None:
        hint = did_you_mean(target, TARGETS)
        raise UnknownNameError(
            f"no target {target!r}", hint or f"it is one of {', '.join(TARGETS)}"
        )
    return cast("Emitter", import_module(described.module))


def counted(number: int, noun: str) -> str:
    """Return `1 queue`, `2 queues`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
