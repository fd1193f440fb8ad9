"""Which file is the topology, where nobody names one."""

from __future__ import annotations

import os

from qtopo.errors import UnreadableFileError


def find_topology(named: str | None) -> str:
    """Return the file to read: as named, else from the environment, else looked for upwards.

    Raises UnreadableFileError where there is none.
    """
    if named:
        return named
    if os.environ.get("QTOPO_TOPOLOGY"):
        return os.environ["QTOPO_TOPOLOGY"]
    folder = os.getcwd()
    while True:
        configured = _configured(os.path.join(folder, "pyproject.toml"))
        for candidate in (configured, "topology.toml"):
            path = candidate and os.path.join(folder, candidate)
            if path and (candidate == configured or os.path.exists(path)):
                return os.path.relpath(path)
        above = os.path.dirname(folder)
        if above == folder:
            raise UnreadableFileError(
                "no topology.toml here or in a folder above",
                "name one with -t FILE, or write one with `qtopo init`",
            )
        folder = above


def _configured(pyproject: str) -> str | None:
    """Return `[tool.qtopo] topology` of a pyproject.toml, if there is one."""
    if not os.path.exists(pyproject):
        return None
    import tomli

    try:
        with open(pyproject, "rb") as stream:
            content = tomli.load(stream)
    except (OSError, ValueError):
        # Not ours to judge: whoever uses it will say so.
        return None
    named = content.get("tool", {}).get("qtopo", {}).get("topology")
    return named if isinstance(named, str) and named else None
