"""Whether any plugin may be installed: asked at every check, so it imports nothing."""

from __future__ import annotations

import os
import sys

GROUP = "qtopo.rules"
"""The entry point group of installed plugins."""


def may_be_installed() -> bool:
    """Whether any distribution has our group.

    `importlib.metadata` takes longer to import than a whole check: whether there
    is anything to ask it for is seen from the files.
    """
    group = GROUP.encode()
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    file = os.open(f"{folder or '.'}/{name}/entry_points.txt", os.O_RDONLY)
                except OSError:
                    continue
                try:
                    if group in os.read(file, 1_000_000):
                        return True
                finally:
                    os.close(file)
    return False
