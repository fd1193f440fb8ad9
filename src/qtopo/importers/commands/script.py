"""Shell scripts, and files of variables such as `/etc/default/celeryd`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.importers.commands.files import read_variables
from qtopo.importers.commands.process import Process

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files

_DAEMON = ("CELERYD_NODES", "CELERYD_OPTS", "CELERYD_ARGS")
_GENERIC = re.compile(
    r"(start|run|entrypoint|launch|docker-entrypoint|cmd|main)[-_]?", re.IGNORECASE
)


def processes(file: File, _: Files) -> list[Process]:
    """Return the script as one process, which may start Celery several times."""
    return [Process(_name(file), f"{file.path}:1", 1, shell=file.text)]


def daemon(file: File, files: Files) -> list[Process]:
    """Return what Celery's init script makes of a file of variables; nothing for other ones."""
    given = read_variables(file.text, files.budget)
    if not any(name in given for name in _DAEMON):
        return []
    line = "celery"
    if given.get("CELERY_APP"):
        line += " -A $CELERY_APP"
    line += " multi start ${CELERYD_NODES:-celery} $CELERYD_OPTS $CELERYD_ARGS"
    known = {"CELERYD_OPTS": "", "CELERYD_ARGS": "", **given}
    found = Process(_name(file), f"{file.path}:1", 1 - len(known), shell=line)
    # They are words of the command, not variables of the worker.
    text = "\n".join(f"{name}={_quoted(value)}" for name, value in known.items())
    found.shell = f"{text}\n{line}"
    return [found]


def _quoted(value: str) -> str:
    from shlex import quote

    return quote(value)


def _name(file: File) -> str:
    """Return a name for what a script starts: its own, or its folder's where that says nothing."""
    stem = file.name.partition(".")[0] or file.name
    if _GENERIC.fullmatch(stem) and file.folder:
        return file.folder
    rest = _GENERIC.match(stem)
    return stem[rest.end() :] if rest and rest.end() < len(stem) else stem
