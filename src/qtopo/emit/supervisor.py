"""supervisor: one program per worker in a group of the application, for its `[include]`.

SIGTERM goes to Celery's main process alone (`stopasgroup=false`): the processes of
a prefork pool would die of it in the middle of their tasks. What is left after the
grace is killed with its whole group.

How supervisor 4.3 reads a file, from its options.py and datatypes.py:

- ` ;` and ` #` begin a comment anywhere in a line, quoted or not;
- every value goes through Python's `%`, after `%(here)s` has been replaced in it as text;
- `command` is then divided by shlex as POSIX has it, and run without a shell;
- `environment` by shlex as it was before POSIX: quotes cannot be escaped, and are
  stripped from both ends. What cannot be written so is given to `env` in the command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.compiler.processes import BEAT, url_variables
from qtopo.compiler.shell import quote
from qtopo.emit.base import Artifact, counted
from qtopo.emit.launching import application, deploy, unbounded
from qtopo.emit.machine import (
    NUMBER,
    account,
    numbered,
    plain_path,
    several,
    shared_heartbeat,
    started,
    through_env,
    unscaled,
)
from qtopo.emit.yaml_ import commented
from qtopo.topology.deploy import STDOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qtopo.emit.base import Job
    from qtopo.emit.launching import Unit

START_SECONDS = 10
"""How long a process has to live to count as started: importing an application takes its time."""

START_RETRIES = 10
"""How often a process is started that does not live so long, with longer and longer waits."""

_NUMBER = "%(process_num)d"
_COMMENT = re.compile(r"(\s)([;#])")
_UNWRITABLE = re.compile(r"\s[;#]|%\(here\)s")
_UNWRITABLE_BARE = re.compile(rf"{_UNWRITABLE.pattern}|\s$")


def emit(job: Job) -> Sequence[Artifact]:
    """Return the file; EmitError where a path or an account cannot be written in one."""
    blocks = [commented(job.header())]
    running = started(job)
    if running:
        programs = ",".join(_program(job, one) for one in running)
        blocks.append(_section(f"group:{application(job.topology)}", {"programs": programs}))
    blocks += [_section(f"program:{_program(job, one)}", dict(_keys(job, one))) for one in running]
    return [Artifact(job.output, "\n".join(blocks))]


def summary(job: Job) -> str:
    """Return how many programs and processes there are."""
    running = started(job)
    processes = sum(one.process.replicas if several(one) else 1 for one in running)
    return f"{counted(len(running), 'program')}, {counted(processes, 'process')}"


def notes(job: Job) -> Sequence[str]:
    """Return what supervisor has to be told elsewhere, and what it cannot do."""
    known = deploy(job)
    found = [*unbounded(job), *unscaled(job), *shared_heartbeat(job)]
    variables = ", ".join(url_variables(job.topology))
    if known.env_file is not None:
        found.append(
            f"supervisor reads no file of variables: start supervisord with those of "
            f"{known.env_file!r}"
        )
    elif variables and started(job):
        found.append(f"start supervisord with {variables}: its programs inherit them")
    if known.group is not None:
        found.append("supervisor takes no group: processes get those of their user")
    longest = max((one.process.shutdown.seconds for one in started(job)), default=0)
    if longest:
        found.append(
            f"what stops supervisord itself has to give it {longest} s, the longest grace: "
            "TimeoutStopSec of its systemd unit, stop_grace_period of its container"
        )
    return found


def _program(job: Job, unit: Unit) -> str:
    """Return the name of a program, which is one for all files that supervisord reads."""
    return f"{application(job.topology)}-{unit.slug}"


def _keys(job: Job, unit: Unit) -> Iterator[tuple[str, str]]:
    known, process = deploy(job), unit.process
    carried, odd = _divided(process.env)
    yield "command", " ".join(map(_word, through_env(numbered(job, unit), odd)))
    # A slug has no underscore, so this is no other worker's.
    yield "process_name", f"{unit.slug}_{_NUMBER}" if several(unit) else unit.slug
    if several(unit):
        yield "numprocs", str(process.replicas)
        yield "numprocs_start", "1"
    if known.directory is not None:
        yield "directory", _path(job, "directory", known.directory)
    user = account(job, "user")
    if user is not None:
        yield "user", user
    if carried:
        pairs = ((name, _value(value)) for name, value in carried.items())
        yield "environment", ",".join(f"{name}={value}" for name, value in pairs)
    yield "autorestart", "true"
    yield "startsecs", str(START_SECONDS)
    yield "startretries", str(START_RETRIES)
    yield "stopsignal", "TERM"
    yield "stopwaitsecs", str(process.shutdown.seconds)
    yield "stopasgroup", "false"
    yield "killasgroup", "true"
    # Started last and stopped first, as far as supervisord does so: what beat
    # sends while workers leave only waits.
    if process.kind == BEAT:
        yield "priority", "1000"
    yield "redirect_stderr", "true"
    yield from _log(job, unit)


def _log(job: Job, unit: Unit) -> Iterator[tuple[str, str]]:
    """Yield where output goes; without a word supervisord keeps it in files of its own."""
    logs = deploy(job).logs
    if logs == STDOUT:
        yield "stdout_logfile", "/dev/fd/1"
        # It cannot be rotated, and supervisord would try.
        yield "stdout_logfile_maxbytes", "0"
    elif logs is not None:
        name = f"{_program(job, unit)}_{_NUMBER}" if several(unit) else _program(job, unit)
        yield "stdout_logfile", f"{_path(job, 'logs', logs).rstrip('/')}/{name}.log"


def _path(job: Job, key: str, path: str) -> str:
    return plain_path(job, key, path, _UNWRITABLE_BARE).replace("%", "%%")


def _word(text: str) -> str:
    """Return a word of `command`, whatever is in it."""
    word = quote(text).replace("%", "%%")
    # Both stand within quotes, which are closed and opened again to part them.
    word = word.replace("%(", "%''(")
    word = _COMMENT.sub(r"\1''\2", word)
    return word.replace(NUMBER, _NUMBER)


def _divided(env: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables that `environment` can carry, and those that it cannot."""
    carried = {name: value for name, value in env.items() if _carried(value)}
    return carried, {name: value for name, value in env.items() if name not in carried}


def _carried(value: str) -> bool:
    quotable = value == value.strip("'\"") and not ("'" in value and '"' in value)
    return quotable and not _UNWRITABLE.search(value)


def _value(value: str) -> str:
    mark = "'" if '"' in value else '"'
    return f"{mark}{value}{mark}".replace("%", "%%")


def _section(name: str, keys: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
