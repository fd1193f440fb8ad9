"""systemd units: `ExecStart` in words of systemd's own, variables from files and lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.importers.commands.ini import grouped
from qtopo.importers.commands.process import Process, Remark, split, unknown
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files
    from qtopo.importers.commands.ini import Entry

_VARIABLE = re.compile(r"\$\$|\$\{(?P<braced>[A-Za-z_]\w*)\}|\$(?P<bare>[A-Za-z_]\w*)", re.ASCII)
_SPECIFIER = re.compile(r"%(.)")
_SPAN = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]*)\s*")
_UNITS = {
    "": 1.0,
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    "ms": 0.001,
    "us": 0.000001,
}


def processes(file: File, files: Files) -> list[Process]:
    """Return the service of a unit; each of its `ExecStart` lines is one process."""
    entries = grouped(file.text, backslash=True).get("Service", [])
    env: dict[str, str] = {}
    remarks: list[Remark] = []
    for one in entries:
        if one.key == "Environment":
            for word in _words(one.value):
                name, separator, value = word.partition("=")
                if separator:
                    env[name] = _specified(value)
    for one in entries:
        if one.key == "EnvironmentFile" and one.value:
            name = one.value.lstrip("-")
            given = files.variables(name)
            if given is None:
                remarks.append(
                    Remark(
                        WARNING,
                        f"its variables are in {name}: name that file too",
                        "file-not-named",
                    )
                )
            env.update(given or {})
    name, instances = _name(file)
    found = []
    for one in entries:
        if one.key == "ExecStart" and one.value:
            process = Process(name, f"{file.path}:{one.line}", one.line, env=dict(env))
            process.argv = tuple(_arguments(one.value.lstrip("@-:+!|"), env))
            process.remarks = list(remarks)
            if instances:
                process.remarks.append(
                    Remark(INFO, "a template unit: how often it is started is not in the file")
                )
            _stopping(process, entries)
            found.append(process)
    return found


def _name(file: File) -> tuple[str, bool]:
    stem = file.name.partition(".service")[0]
    return stem.partition("@")[0] or "worker", "@" in stem


def _words(text: str) -> list[str]:
    try:
        return split(text)
    except ValueError:
        return text.split()


def _arguments(text: str, env: dict[str, str]) -> list[str]:
    """Return the words of a command: `$NAME` alone becomes several, `${NAME}` stays one."""
    found: list[str] = []
    for word in _words(text):
        alone = _VARIABLE.fullmatch(word)
        if alone and alone["bare"]:
            value = env.get(alone["bare"])
            found += [unknown(word)] if value is None else _words(value)
        else:
            found.append(_VARIABLE.sub(lambda one: _variable(one, env), _specified(word)))
    return found


def _variable(found: re.Match[str], env: dict[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    name = found["braced"] or found["bare"]
    if found["bare"]:
        # Within a word systemd leaves it, and the shell that may follow takes it.
        return found[0]
    return env.get(name, unknown(found[0]))


def _specified(text: str) -> str:
    return _SPECIFIER.sub(lambda one: "%" if one[1] == "%" else unknown(one[0]), text)


def _stopping(process: Process, entries: list[Entry]) -> None:
    last = {one.key: one.value for one in entries}
    span = last.get("TimeoutStopSec", last.get("TimeoutSec", ""))
    process.grace = seconds(span)
    process.signal = last.get("KillSignal", "SIGTERM").removeprefix("SIG")
    if process.signal == "QUIT" and process.env.get("REMAP_SIGTERM") != "SIGQUIT":
        process.remarks.append(
            Remark(
                WARNING, "KillSignal=SIGQUIT makes Celery give up running tasks", "cold-shutdown"
            )
        )
    if last.get("KillMode", "control-group") == "control-group" and "ExecStop" not in last:
        process.remarks.append(
            Remark(
                WARNING,
                "KillMode=control-group, the default, signals the pool's children too: running "
                "tasks of prefork are lost when it stops",
                "stop-signals-children",
            )
        )


def seconds(text: str) -> float | None:
    """Return a time span of systemd (`5min 20s`, `90`) in seconds; None for endless ones."""
    total, at = 0.0, 0
    text = text.strip().lower()[:60]
    while at < len(text):
        found = _SPAN.match(text, at)
        if found is None or found["unit"] not in _UNITS:
            return None
        total += float(found["number"]) * _UNITS[found["unit"]]
        at = found.end()
    return total or None
