"""Dockerfiles: the last `CMD` and `ENTRYPOINT` of each stage, and its `ENV`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qtopo.importers.commands.process import Process, split, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.commands.files import File, Files

_INSTRUCTION = re.compile(r"\s*(?P<name>[A-Za-z]+)\s+(?P<rest>.*)", re.DOTALL)
_VARIABLE = re.compile(
    r"\\\$|\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))",
    re.ASCII,
)
_HERE = re.compile(r"<<-?(['\"]?)(\w+)\1")


@dataclass
class _Stage:
    name: str
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | str | None = None
    command: tuple[str, ...] | str | None = None
    line: int = 0
    signal: str | None = None


def processes(file: File, _: Files) -> list[Process]:
    """Return what each stage starts that says so itself."""
    stages: dict[str, _Stage] = {}
    current = _Stage(file.folder or "worker")
    done = [current]
    arguments: dict[str, str] = {}
    for name, rest, line in _instructions(file.text):
        if name == "FROM":
            current = _from(rest, stages, file)
            stages[current.name.lower()] = current
            done.append(current)
        elif name == "ENV":
            current.env.update(_pairs(rest, current.env | arguments))
        elif name == "ARG":
            arguments |= {key: one for key, one in _pairs(rest, arguments).items() if one}
        elif name == "STOPSIGNAL":
            current.signal = rest.strip().removeprefix("SIG")
        elif name == "ENTRYPOINT":
            current.entrypoint, current.command, current.line = _form(rest), None, line
        elif name == "CMD":
            current.command, current.line = _form(rest), line
    return [_process(stage, file) for stage in done if stage.line]


def _from(rest: str, stages: dict[str, _Stage], file: File) -> _Stage:
    words = [one for one in rest.split() if not one.startswith("--")]
    named = len(words) > 2 and words[1].lower() == "as"
    stage = _Stage(words[2] if named else file.folder or "worker")
    base = stages.get(words[0].lower()) if words else None
    if base is not None:
        stage.env, stage.entrypoint, stage.command = dict(base.env), base.entrypoint, base.command
    return stage


def _instructions(text: str) -> Iterator[tuple[str, str, int]]:
    held, start, ends = "", 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        if ends:
            if line.strip() == ends:
                ends = ""
            continue
        if line.lstrip().startswith("#") or (held and not line.strip()):
            continue
        start = start or number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        found = _INSTRUCTION.fullmatch(held + line)
        if found:
            name = found["name"].upper()
            here = _HERE.search(found["rest"]) if name in ("RUN", "COPY", "ADD") else None
            ends = here[2] if here else ""
            yield name, found["rest"], start
        held, start = "", 0


def _form(rest: str) -> tuple[str, ...] | str:
    """Return the words of the exec form, or the text of the shell form."""
    if rest.lstrip().startswith("["):
        try:
            words = json.loads(rest)
        except (ValueError, RecursionError):
            return rest
        if isinstance(words, list) and all(isinstance(one, str) for one in words):
            return tuple(words)
    return rest


def _pairs(rest: str, known: dict[str, str]) -> dict[str, str]:
    try:
        words = split(rest)
    except ValueError:
        return {}
    if words and "=" not in words[0]:
        # `ENV NAME the rest`
        value = rest.strip().partition(" ")[2].strip()
        return {words[0]: _expanded(value, known)}
    return {
        name: _expanded(value, known)
        for name, separator, value in (word.partition("=") for word in words)
        if separator
    }


def _expanded(text: str, known: dict[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        if found[0] == "\\$":
            return "$"
        name = found["braced"] or found["bare"]
        return known.get(name, found["default"] or unknown(found[0]))[:2000]

    return _VARIABLE.sub(one, text)[:20_000]


def _process(stage: _Stage, file: File) -> Process:
    process = Process(stage.name, f"{file.path}:{stage.line}", stage.line, env=dict(stage.env))
    process.signal = stage.signal
    entrypoint, command = stage.entrypoint, stage.command
    if isinstance(entrypoint, str) or (entrypoint is None and isinstance(command, str)):
        process.shell = entrypoint if isinstance(entrypoint, str) else str(command)
        return process
    # The shell form of CMD is handed to ENTRYPOINT as words of /bin/sh.
    words = ("/bin/sh", "-c", command) if isinstance(command, str) else command or ()
    process.argv = (*(entrypoint or ()), *words)
    return process
