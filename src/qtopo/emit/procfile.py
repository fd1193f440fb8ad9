"""A Procfile: one line per process, for honcho, foreman and the platforms that read one.

Its readers hand each line to a shell, so every word is quoted for one, and `exec`
keeps that shell from standing between the manager's signals and Celery. honcho
stops with a SIGTERM to the whole process group; five seconds after the first process
has left it kills the others (honcho's compat.py and manager.py). The processes of a
prefork pool do not survive the first; only a soft shutdown, which they ignore, fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.compiler.shell import shell_line
from qtopo.emit.base import Artifact, counted
from qtopo.emit.launching import program, some, units
from qtopo.emit.machine import several, shared_heartbeat, started, through_env, unscaled
from qtopo.emit.yaml_ import commented
from qtopo.topology.deploy import PROCFILE_GRACE, PROCFILE_SOFT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from qtopo.compiler.processes import Process
    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit

_RESERVED = frozenset({"release", "web"})
"""Labels that platforms give a meaning: run once before a release; must answer HTTP."""


def emit(job: Job) -> Sequence[Artifact]:
    """Return the Procfile."""
    lines = [f"{label}: {line}\n" for label, line in _lines(job)]
    return [Artifact(job.output, commented(job.header()) + "".join(lines))]


def summary(job: Job) -> str:
    """Return how many processes there are."""
    return counted(sum(len(one.process.commands()) for one in started(job)), "process")


def notes(job: Job) -> Sequence[str]:
    """Return which workers lose tasks when honcho stops them."""
    found = unscaled(job) + shared_heartbeat(job)
    cut = [one.process.name for one in started(job) if _cut(one.process)]
    if cut:
        found.append(
            "honcho stops with SIGTERM to the whole process group and kills after "
            f"{PROCFILE_GRACE} s, so running tasks of {some(map(repr, cut))} are lost: "
            'only shutdown = { soft = "2s" } and acks_late fit into that'
        )
    return found


def _cut(process: Process) -> bool:
    soft = process.shutdown.soft
    return process.kind == "worker" and (soft is None or soft > PROCFILE_SOFT)


def _lines(job: Job) -> Iterator[tuple[str, str]]:
    """Yield a label and a shell line for each process to start."""
    taken = {one.slug for one in units(job)} | _RESERVED
    for unit in started(job):
        for number, command in enumerate(unit.process.commands(), 1):
            # A slug has no underscore, so this is no other worker's.
            label = f"{_label(unit, taken)}_{number}" if several(unit) else _label(unit, taken)
            argv = through_env(program(job, command.argv), command.env)
            # Not by the shell: shells differ about assignments before `exec`.
            yield label, f"exec {shell_line(argv)}"


def _label(unit: Unit, taken: Collection[str]) -> str:
    if unit.slug not in _RESERVED:
        return unit.slug
    label = f"{unit.slug}-worker"
    return label if label not in taken else f"{label}_"
