"""systemd: a unit per worker, a template where there are several, and a target that groups them.

`shop.target` wants every instance; each unit is part of it, so that stopping or
restarting the target is done to all. SIGTERM goes to Celery's main process alone
(`KillMode=mixed`): the processes of a prefork pool would die of it in the middle of
their tasks.
"""

from __future__ import annotations

import re
from posixpath import join
from typing import TYPE_CHECKING

from qtopo.compiler.processes import BEAT, url_variables
from qtopo.emit.base import Artifact, counted
from qtopo.emit.launching import application, deploy, some
from qtopo.emit.machine import (
    NUMBER,
    account,
    numbered,
    plain_path,
    several,
    shared_heartbeat,
    started,
    unscaled,
)
from qtopo.emit.yaml_ import commented, one_line
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit

RESTART_SECONDS = 5
"""The wait before a process is started again; systemd's own is 100 ms."""

# Behind /, so nothing at the start of a path has a meaning; a backslash at the
# end would take the next line in, and spaces there are cut off.
_UNWRITABLE = re.compile(r"[\s\\]$")
_UNSTARTABLE = re.compile(r"['\"\\]")
"""systemd refuses a program with such a character in its path."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+")

_PROTECTED = ("ProtectControlGroups", "ProtectKernelModules")
"""What no task writes to. Homes, devices and /tmp are left alone: tasks have files there.

ProtectKernelTunables is not among them: where systemd runs in a container it may
keep a service from starting at all (measured on systemd 252).
"""

_OF_THE_SYSTEM = ("/usr/", "/etc/", "/boot/", "/efi/")

Pairs = list[tuple[str, str]]


def emit(job: Job) -> Sequence[Artifact]:
    """Return the units and the target; EmitError where they cannot be written."""
    files = [(f"{application(job.topology)}.target", _target(job))]
    files += [(_file(job, one), _service(job, one)) for one in started(job)]
    header = commented(job.header())
    return [Artifact(job.file(name), f"{header}\n{_unit_file(found)}") for name, found in files]


def summary(job: Job) -> str:
    """Return how many services are started, and by what."""
    services = sum(len(_names(job, one)) for one in started(job))
    return f"{counted(services, 'service')} of {application(job.topology)}.target"


def notes(job: Job) -> Sequence[str]:
    """Return what the units lack, and which workers may take for ever to stop."""
    known, variables = deploy(job), ", ".join(url_variables(job.topology))
    found = unscaled(job) + shared_heartbeat(job)
    if known.user is None:
        found.append("the units name no user, so everything runs as root: user in [deploy]")
    if variables and known.env_file is None:
        found.append(f"nothing gives the services {variables}: name a file, env_file in [deploy]")
    endless = [one.process.name for one in started(job) if one.process.shutdown.grace is None]
    if endless:
        found.append(
            f"nothing bounds the tasks of {some(map(repr, endless))}: systemd waits for them "
            "as long as they take, and so does a reboot: give their tasks a time_limit, or the "
            'worker shutdown = { drain = "15m" }'
        )
    return found


def _base(job: Job, unit: Unit) -> str:
    return f"{application(job.topology)}-{unit.slug}"


def _file(job: Job, unit: Unit) -> str:
    return f"{_base(job, unit)}{'@' if several(unit) else ''}.service"


def _names(job: Job, unit: Unit) -> list[str]:
    """Return the services to start: the instances of a template are numbered from 1."""
    base = _base(job, unit)
    if not several(unit):
        return [f"{base}.service"]
    return [f"{base}@{number}.service" for number in range(1, unit.process.replicas + 1)]


def _target(job: Job) -> dict[str, Pairs]:
    services = [name for one in started(job) for name in _names(job, one)]
    return {
        "Unit": [
            ("Description", f"The Celery processes of {application(job.topology)}"),
            *(("Wants", name) for name in services),
        ],
        "Install": [("WantedBy", "multi-user.target")],
    }


def _service(job: Job, unit: Unit) -> dict[str, Pairs]:
    process = unit.process
    what = "beat" if process.kind == BEAT else f"worker {process.name!r}"
    return {
        "Unit": [
            ("Description", _specifiers(one_line(f"Celery {what} of {application(job.topology)}"))),
            ("PartOf", f"{application(job.topology)}.target"),
            ("Wants", "network-online.target"),
            ("After", "network-online.target"),
            # Never given up: what failed for an hour is tried again all the same.
            ("StartLimitIntervalSec", "0"),
        ],
        "Service": [*_start(job, unit), *_stop(unit), *_hardening(job)],
        # For a machine that runs some of them: enabled one by one, without the target.
        "Install": [("WantedBy", "multi-user.target")],
    }


def _start(job: Job, unit: Unit) -> Iterator[tuple[str, str]]:
    known = deploy(job)
    yield "Type", "exec"
    for key, word in (("user", "User"), ("group", "Group")):
        name = account(job, key)
        if name is not None:
            yield word, name
    if known.directory is not None:
        yield "WorkingDirectory", _path(job, "directory", known.directory)
    for name, value in unit.process.env.items():
        yield "Environment", _quoted(f"{name}={value}")
    if known.env_file is not None:
        yield "EnvironmentFile", _path(job, "env_file", _env_file(job, known.env_file))
    yield "ExecStart", _command(job, unit)
    yield "Restart", "always"
    yield "RestartSec", str(RESTART_SECONDS)


def _stop(unit: Unit) -> Iterator[tuple[str, str]]:
    how = unit.process.shutdown
    yield "KillMode", "mixed"
    yield "KillSignal", "SIGTERM"
    yield "TimeoutStopSec", "infinity" if how.grace is None else str(how.seconds)
    if how.soft is not None:
        # How Celery ends a soft shutdown; a stop is no failure.
        yield "SuccessExitStatus", "1"
    # A pool process that the kernel killed for its memory is replaced by Celery;
    # by default systemd would stop the worker for it.
    yield "OOMPolicy", "continue"


def _hardening(job: Job) -> Iterator[tuple[str, str]]:
    if not f"{deploy(job).directory or ''}/".startswith(_OF_THE_SYSTEM):
        yield "ProtectSystem", "full"
    yield from ((key, "true") for key in _PROTECTED)


def _command(job: Job, unit: Unit) -> str:
    folder = deploy(job).bin
    if folder is None:
        raise EmitError(
            "systemd starts a program by its whole path, and the topology does not say where "
            "celery is",
            'write it into the file: [deploy] bin = "/srv/shop/.venv/bin"',
        )
    plain_path(job, "bin", folder, _UNSTARTABLE)
    path, *words = numbered(job, unit)
    # A variable is not replaced in the path, so a dollar sign stands for itself.
    return " ".join([_quoted(path), *(_quoted(one).replace("$", "$$") for one in words)])


def _env_file(job: Job, path: str) -> str:
    if path.startswith("/"):
        return path
    directory = deploy(job).directory
    if directory is None:
        raise EmitError(
            f"env_file in [deploy] is {path!r}, and systemd reads a file by its whole path",
            "write the whole path, or give the directory that it is in: directory in [deploy]",
        )
    return join(directory, path)


def _path(job: Job, key: str, path: str) -> str:
    return _specifiers(plain_path(job, key, path, _UNWRITABLE))


def _quoted(text: str) -> str:
    """Return a word of a command or an assignment, as man:systemd.syntax has it quoted."""
    word = text if _PLAIN.fullmatch(text) else _in_quotes(text)
    return _specifiers(word).replace(NUMBER, "%i")


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _unit_file(sections: dict[str, Pairs]) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in pairs)
        for name, pairs in sections.items()
    )
