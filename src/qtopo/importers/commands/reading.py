"""Commands that start workers and beat, out of the files they stand in; nothing is run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.errors import UnreadableFileError
from qtopo.importers.commands import (
    compose,
    dockerfile,
    files,
    kubernetes,
    lines,
    procfile,
    script,
    supervisor,
    systemd,
)
from qtopo.importers.commands.collect import collect
from qtopo.importers.commands.launch import Finder
from qtopo.importers.commands.process import readable
from qtopo.importers.commands.template import is_template
from qtopo.importers.draft import INFO, WARNING, Draft
from qtopo.importers.static.budget import OutOfBudgetError

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files
    from qtopo.importers.commands.launch import Launch
    from qtopo.importers.sources import Options

_READERS = {
    files.PROCFILE: procfile.processes,
    files.COMPOSE: compose.processes,
    files.SUPERVISOR: supervisor.processes,
    files.SYSTEMD: systemd.processes,
    files.KUBERNETES: kubernetes.processes,
    files.SHELL: script.processes,
    files.DOCKERFILE: dockerfile.processes,
    files.VARIABLES: script.daemon,
}
_STARTED = re.compile(r"\bcelery (?:-\S+ |\S+ ){0,6}?(?:worker|beat) -")
_SPOKEN = re.compile(r"\s*(?:#|echo\b|printf\b|log\w*\b)")
_LONGEST = 2_000
_LAST = (files.SHELL, files.VARIABLES)
"""Formats that another file may refer to: what was read through that one is not read again."""


def read(named: tuple[str, ...], _: Options) -> Draft:
    """Return the draft of the files that start the workers.

    Raises UnreadableFileError where a file cannot be read, or asks for too much.
    """
    found = files.read_files(named)
    draft = Draft(f"commands {' '.join(named)}")
    try:
        collect(_launches(found, draft), draft)
    except (OutOfBudgetError, RecursionError):
        raise UnreadableFileError(
            f"cannot read {' '.join(named)}: more than the files of a deployment have to say",
            "name only the files that start Celery",
        ) from None
    for remark, where in found.remarks:
        draft.note(remark.severity, readable(remark.message), None, where, remark.trap)
    return draft


def _launches(found: Files, draft: Draft) -> list[Launch]:
    launches: list[Launch] = []
    finder = Finder(found.budget, found.script)
    ordered = sorted(found.files, key=lambda one: one.format in _LAST)
    for file in ordered:
        if file.format in _LAST and file.path in finder.followed | found.used:
            started = any(one.where.startswith(f"{file.path}:") for one in launches)
            unread = None if started or file.format != files.SHELL else _named_in(file)
            if unread is not None:
                _say_unread(file.path, unread, draft)
            continue
        here = [
            launch
            for process in _READERS[file.format](file, found)
            for launch in finder.launches(process)
        ]
        if not here:
            here = _by_line(file, finder)
        unread = _named_in(file) if not here and file.format == files.SHELL else None
        if unread is not None:
            _say_unread(file.path, unread, draft)
        elif not here and file.path not in found.used and file.format != files.VARIABLES:
            draft.note(INFO, "it starts neither a worker nor beat", None, file.path)
        launches += here
    if not launches:
        draft.note(WARNING, "no command that starts a worker or beat was found")
    return launches


def _named_in(file: File) -> int | None:
    """Return the line of a script that names `celery ... worker` or `beat`, if any does."""
    for number, line in enumerate(file.text.split("\n"), 1):
        if len(line) < _LONGEST and _STARTED.search(line) and not _SPOKEN.match(line):
            return number
    return None


def _say_unread(path: str, line: int, draft: Draft) -> None:
    draft.note(
        WARNING,
        "what is started here is put together in a way that is not followed: write the workers "
        "down by hand",
        None,
        f"{path}:{line}",
        "value-unknown",
    )


def _by_line(file: File, finder: Finder) -> list[Launch]:
    if file.format not in (files.KUBERNETES, files.COMPOSE) or not is_template(file.text):
        return []
    return [one for process in lines.processes(file) for one in finder.launches(process)]
