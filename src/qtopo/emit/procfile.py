"""A Procfile: one line per process, for honcho, foreman and the platforms that read one.

Its readers hand each line to a shell, so every word is quoted for one, and `exec`
keeps that shell from standing between the manager's signals and Celery. honcho
stops with a SIGTERM to the whole process group and kills after five seconds
(honcho's compat.py and manager.py): only a soft shutdown within that time gives
running tasks back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.compiler.shell import quote, shell_line
from qtopo.emit.base import Artifact
from qtopo.emit.launching import program, units
from qtopo.emit.yaml_ import commented
from qtopo.topology.deploy import PROCFILE_GRACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qtopo.emit.base import Job


def emit(job: Job) -> Sequence[Artifact]:
    """Return the Procfile."""
    lines = [f"{label}: {line}\n" for label, line in _lines(job)]
    return [Artifact(job.output, commented(job.header()) + "".join(lines))]


def summary(job: Job) -> str:
    """Return how many processes there are."""
    count = len(list(_lines(job)))
    return "1 process" if count == 1 else f"{count} processes"


def notes(job: Job) -> Sequence[str]:
    """Return which workers lose tasks when honcho stops them."""
    cut = [
        one.process.name
        for one in units(job)
        if one.process.kind == "worker" and one.process.shutdown.seconds > PROCFILE_GRACE
    ]
    if not cut:
        return ()
    note = (
        "honcho stops with SIGTERM to the whole process group and kills after "
        f"{PROCFILE_GRACE} s, so running tasks of {', '.join(map(repr, cut))} are lost: "
        'only shutdown = { soft = "2s" } and acks_late fit into that'
    )
    return [note]


def _lines(job: Job) -> Iterator[tuple[str, str]]:
    """Yield a label and a shell line for each process to start."""
    for unit in units(job):
        commands = unit.process.commands()
        for number, command in enumerate(commands, 1):
            label = unit.slug if len(commands) == 1 else f"{unit.slug}-{number}"
            assigned = " ".join(f"{name}={quote(value)}" for name, value in command.env.items())
            line = f"exec {shell_line(program(job, command.argv))}"
            yield label, f"{assigned} {line}" if assigned else line
