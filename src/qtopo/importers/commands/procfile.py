"""Procfiles: `name: command`, a line each, run by a shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.importers.commands.process import Process

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files

_LINE = re.compile(r"\s*(?P<name>[A-Za-z0-9_.-]+)\s*:\s*(?P<command>\S.*)")


def processes(file: File, files: Files) -> list[Process]:
    """Return the processes of a Procfile; a named `.env` is their environment."""
    found = []
    for number, line in enumerate(file.text.split("\n"), 1):
        match = _LINE.fullmatch(line.rstrip())
        if match and not line.lstrip().startswith("#"):
            where = f"{file.path}:{number}"
            found.append(
                Process(
                    match["name"], where, number, shell=match["command"], env=dict(files.dotenv)
                )
            )
    return found
