"""Names of files as other programs want them: relative where they can be, with slashes."""

from __future__ import annotations

import os
from urllib.parse import quote


def relative(file: str) -> str:
    """Return a file's name from the working directory, with slashes and without a leading `./`.

    One that is absolute and lies elsewhere stays absolute.
    """
    name = os.path.normpath(file)
    if os.path.isabs(name):
        inner = _from_here(name)
        name = name if inner is None else inner
    return name.replace(os.sep, "/")


def uri(file: str) -> tuple[str, bool]:
    """Return a file's URI reference, and whether it is relative to the working directory."""
    name = relative(file)
    if os.path.isabs(name):
        return "file://" + quote(os.fsencode("/" + name.lstrip("/")), safe="/~"), False
    return quote(os.fsencode(name), safe="/~"), True


def _from_here(name: str) -> str | None:
    try:
        inner = os.path.relpath(name)
    except (OSError, ValueError):
        # The working directory is gone, or the file is on another drive.
        return None
    return None if inner == os.pardir or inner.startswith(os.pardir + os.sep) else inner
