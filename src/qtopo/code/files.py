"""Which files of a folder are the project's Python, and reading them safely.

The folder is a stranger's: nothing of it is run, links are not followed, what
is no plain file is not opened, and there is an end to how much is read.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SKIPPED = frozenset(
    (
        "__pycache__",
        "build",
        "dist",
        "dist-packages",
        "env",
        "node_modules",
        "site-packages",
        "test",
        "tests",
        "venv",
    )
)
"""Folders whose Python is not what is deployed; those that begin with a dot are left out too."""


class Limits(NamedTuple):
    """How much of a project is read.

    `size` is that of one file in bytes: a larger one is no code that a person wrote.
    `total` and `parsed` are characters of all files, of which few need parsing (a
    syntax tree takes some hundred times the room of its text). `entries` are names
    in folders, `depth` folders in folders.
    """

    files: int = 20_000
    size: int = 500_000
    total: int = 200_000_000
    parsed: int = 10_000_000
    entries: int = 500_000
    depth: int = 40


class Problem(NamedTuple):
    """Why a file (or, with line 0, the rest of a folder) could not be read."""

    file: str
    line: int
    column: int
    message: str


def python_files(root: str, limits: Limits, problems: list[Problem]) -> Iterator[str]:
    """Yield the paths of the Python files under `root`, sorted, folder by folder."""
    left, found = limits.entries, 0
    folders = [(root, 0)]
    while folders:
        folder, depth = folders.pop()
        try:
            with os.scandir(folder) as entries:
                here = []
                for entry in entries:
                    left -= 1
                    if left < 0:
                        break
                    here.append(entry)
        except OSError as error:
            problems.append(Problem(folder, 0, 0, f"cannot be listed: {error.strerror}"))
            continue
        if left < 0:
            problems.append(Problem(root, 0, 0, "has too many files: the rest was not looked at"))
            return
        here.sort(key=lambda entry: entry.name)
        below = []
        for entry in here:
            if entry.is_dir(follow_symlinks=False):
                if not _is_source(entry):
                    continue
                if depth < limits.depth:
                    below.append((entry.path, depth + 1))
                else:
                    message = f"is more than {limits.depth} folders deep: it was not looked at"
                    problems.append(Problem(entry.path, 0, 0, message))
            elif _is_python(entry.name) and entry.is_file(follow_symlinks=False):
                found += 1
                if found > limits.files:
                    message = f"has more than {limits.files} Python files: the rest was not read"
                    problems.append(Problem(root, 0, 0, message))
                    return
                yield os.path.normpath(entry.path)
        folders.extend(reversed(below))


def _is_source(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name.startswith(".") or name in SKIPPED or name.endswith(".egg-info"):
        return False
    return not os.path.lexists(os.path.join(entry.path, "pyvenv.cfg"))


def _is_python(name: str) -> bool:
    if not name.endswith(".py") or name in ("conftest.py", "tests.py"):
        return False
    return not (name.startswith("test_") or name.endswith("_test.py"))


def read_text(path: str, limits: Limits) -> str | Problem:
    """Return the text of a file, or why it cannot be read."""
    # A pipe or a device in place of the file must not make us wait, nor a link lead away.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Problem(path, 0, 0, f"cannot be read: {reason}")
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Problem(path, 0, 0, "is no plain file")
        content = stream.read(limits.size + 1)
    if len(content) > limits.size:
        return Problem(path, 0, 0, f"is larger than {limits.size} bytes: it was not read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older encodings keep ASCII where it is, and names of tasks are ASCII.
        return content.decode("latin-1")
