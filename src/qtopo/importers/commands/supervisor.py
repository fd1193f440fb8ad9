"""supervisor: `[program:x]` with a command that no shell runs."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from qtopo.importers.commands.ini import grouped
from qtopo.importers.commands.process import Process, Remark, is_known, split, unknown
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files
    from qtopo.importers.commands.ini import Entry

_LONGEST = 50_000
_EXPANSION = re.compile(r"%\((?P<name>[A-Za-z_]\w*)\)(?P<format>\d*[sd])|%%")


def processes(file: File, files: Files) -> list[Process]:
    """Return the programs of a configuration."""
    sections = grouped(file.text, backslash=False)
    shared = _environment(_last(sections.get("supervisord", []), "environment"), {})
    found = []
    for section, entries in sections.items():
        kind, _, name = section.partition(":")
        if kind in ("program", "fcgi-program") and name:
            one = _program(name.strip(), entries, shared, file, files)
            if one is not None:
                found.append(one)
    return found


def _program(
    name: str, entries: list[Entry], shared: dict[str, str], file: File, files: Files
) -> Process | None:
    command = next((one for one in reversed(entries) if one.key == "command"), None)
    if command is None:
        return None
    numprocs = _number(_last(entries, "numprocs"))
    known = {
        "program_name": name,
        "group_name": name,
        # What tells its copies apart is put in by Celery's own %h and by -n.
        "process_num": "0" if (numprocs or 1) == 1 else unknown("process_num"),
        **{f"ENV_{key}": value for key, value in (files.exported | files.dotenv | shared).items()},
    }
    env = {**shared, **_environment(_last(entries, "environment"), known)}
    known |= {f"ENV_{key}": value for key, value in env.items()}
    process = Process(name, f"{file.path}:{command.line}", command.line, env=env, replicas=numprocs)
    try:
        process.argv = _arguments(command.value, known)
    except ValueError as error:
        process.remarks.append(Remark(WARNING, f"the command is not readable: {error}"))
        return process
    _stopping(process, entries)
    return process


def _arguments(command: str, known: dict[str, str]) -> tuple[str, ...]:
    """Return the words of a command: a value with blanks becomes several, as supervisor has it."""
    text = _expanded(command, known)
    if is_known(text):
        return tuple(split(text))
    return tuple(_expanded(one, known) for one in split(command))


def _stopping(process: Process, entries: list[Entry]) -> None:
    seconds = _number(_last(entries, "stopwaitsecs"))
    process.grace = None if seconds is None else float(seconds)
    process.signal = (_last(entries, "stopsignal") or "TERM").upper()
    if process.signal == "QUIT":
        process.remarks.append(
            Remark(WARNING, "stopsignal=QUIT makes Celery give up running tasks", "cold-shutdown")
        )
    if (_last(entries, "stopasgroup") or "").lower() in ("true", "1", "yes", "on"):
        process.remarks.append(
            Remark(
                WARNING,
                "stopasgroup=true signals the pool's children too: running tasks of prefork are "
                "lost when it stops",
                "stop-signals-children",
            )
        )
    if (_last(entries, "autostart") or "").lower() in ("false", "0", "no", "off"):
        process.remarks.append(Remark(INFO, "autostart=false: it is started by hand"))


def _expanded(text: str, known: dict[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = known.get(found["name"])
        if value is None:
            return unknown(found[0])
        return value.zfill(int(found["format"][:-1][:2] or 0)) if value.isdigit() else value

    return _EXPANSION.sub(one, text)


def _environment(text: str | None, known: dict[str, str]) -> dict[str, str]:
    """Return `A="1",B='two'` as variables."""
    lexer = shlex.shlex((text or "")[:_LONGEST], posix=True, punctuation_chars=",")
    lexer.whitespace_split = True
    lexer.commenters = ""
    found: dict[str, str] = {}
    try:
        for word in lexer:
            name, separator, value = word.partition("=")
            if separator:
                found[name.strip()] = _expanded(value, known)
    except ValueError:
        return found
    return found


def _last(entries: list[Entry], key: str) -> str | None:
    return next((one.value for one in reversed(entries) if one.key == key), None)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else None
