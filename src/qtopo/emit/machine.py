"""What the platforms of one machine have in common: a Procfile, supervisor and systemd.

They start a fixed number of processes. No autoscaler runs there, so `scale` is
for another place, and a worker has as many processes as `replicas` says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.compiler.processes import BEAT
from qtopo.emit.launching import Unit, deploy, program, some, units
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.emit.base import Job

NUMBER = "\0"
"""Stands for a replica's number in `numbered`; no text of the file can hold it."""

_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]+")


def started(job: Job) -> list[Unit]:
    """Return what is started where nothing scales, in the order of the file, beat last."""
    return [one for one in units(job) if one.process.replicas > 0]


def several(unit: Unit) -> bool:
    """Whether there is more than one process of it, each with a number from 1 on.

    Beat is one whatever the file says: a second one stands by on another machine.
    """
    return unit.process.kind != BEAT and unit.process.replicas > 1


def numbered(job: Job, unit: Unit) -> tuple[str, ...]:
    """Return the arguments, with `NUMBER` where each of several processes has its own."""
    argv = unit.process.replica_argv(NUMBER) if several(unit) else unit.process.argv
    return program(job, argv)


def through_env(argv: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """Return arguments that set variables and start a program, without a shell.

    `env` takes the first word without an equals sign for the program: EmitError
    where the folder of the programs has one in its name.
    """
    if not env:
        return tuple(argv)
    if "=" in argv[0]:
        raise EmitError(
            f"bin in [deploy] makes {argv[0]!r} of celery, and `env` cannot start a program with "
            "an equals sign in its path",
            "choose a folder without one",
        )
    return ("env", *(f"{name}={value}" for name, value in env.items()), *argv)


def account(job: Job, key: str) -> str | None:
    """Return `user` or `group` of `[deploy]`; EmitError where no system has one of that name."""
    name: str | None = getattr(deploy(job), key)
    if name is not None and not _ACCOUNT.fullmatch(name):
        raise EmitError(
            f"{key} in [deploy] is {name!r}, and a system has no {key} of such a name",
            "a name is of letters, digits, and _ . -",
        )
    return name


def plain_path(job: Job, key: str, path: str, refused: re.Pattern[str]) -> str:
    """Return a path that a platform takes as it stands; EmitError where `refused` is in it."""
    if refused.search(path):
        raise EmitError(
            f"{key} in [deploy] is {path!r}, and {job.target} has no way to write that",
            "choose a path without such characters",
        )
    return path


def shared_heartbeat(job: Job) -> list[str]:
    """Return a note where several workers of one machine touch one heartbeat file."""
    path = deploy(job).heartbeat_file
    workers = [one.process.replicas for one in started(job) if one.process.kind != BEAT]
    if path is None or "%n" in path or sum(workers) < 2:
        return []
    note = (
        f"{sum(workers)} workers touch the same heartbeat_file, and each vouches for the others "
        f"where they run on one machine: put %n into its name, {path!r}"
    )
    return [note]


def unscaled(job: Job) -> list[str]:
    """Return a note about workers that an autoscaler would have more or fewer of."""
    scaled = [one.process for one in units(job) if one.process.scale is not None]
    if not scaled:
        return []
    names = some(f"{one.name!r} ({one.replicas})" for one in scaled)
    note = (
        f"{job.target} scales nothing: of each worker with a scale it starts as many processes "
        f"as its replicas: {names}"
    )
    return [note]
