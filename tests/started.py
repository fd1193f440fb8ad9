"""What a platform would start, read back from its files by its own parser."""

from __future__ import annotations

from typing import NamedTuple


class Started(NamedTuple):
    """A process: `replicas` None where an autoscaler decides; `grace` in seconds."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    replicas: int | None
    grace: float
