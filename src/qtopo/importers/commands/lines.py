"""The last resort for files that no reader understands: each line that speaks of a worker."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from qtopo.importers.commands.process import Process

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File

_LEAD = re.compile(
    r"\s*(?:-\s+)?(?:[\w.-]+\s*[:=]\s+)?(?P<quote>['\"]?)(?P<rest>.*?)(?P=quote)\s*,?\s*"
)
_SPEAKS = re.compile(r"celery\S*\s.*\b(worker|beat|multi)\b|\"celery\"|'celery'")


def processes(file: File) -> list[Process]:
    """Return a process for each line with a command of Celery's in it."""
    found = []
    for number, line in enumerate(file.text.split("\n"), 1):
        if len(line) > 5_000 or _SPEAKS.search(line) is None or line.lstrip().startswith("#"):
            continue
        name = file.name.partition(".")[0] or "worker"
        process = Process(name, f"{file.path}:{number}", number)
        opening = line.find("[")
        words = _list(line[opening:]) if opening >= 0 else None
        match = _LEAD.fullmatch(line)
        if words:
            process.argv = tuple(words)
        elif match:
            process.shell = match["rest"]
        found.append(process)
    return found


def _list(text: str) -> list[str] | None:
    try:
        found = json.loads(text.strip().rstrip(","))
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return found
    return None
