"""What a file says of a process: its command, environment, replicas, and how it is stopped.

A value may be known in part. What is not known stands between two NUL characters, which
no argument and no variable of a real process can hold: "-Q\\0$QUEUES\\0".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = "\0"
_LONGEST = 50_000
_UNKNOWN = re.compile(r"\0([^\0]*)\0")


class Remark(NamedTuple):
    """Something to say of a process: severity, message, and the name of a trap of Celery's."""

    severity: str
    message: str
    trap: str | None = None


@dataclass
class Process:
    """One process as a file starts it: by words (`argv`) or by a line of a shell (`shell`).

    `name` is that of the service, program or container; `where` is `file:line`, and `line`
    the number of the first line of `shell`. `replicas` and `scale` (fewest and most) are None
    where the file does not say; `grace` is in seconds; `signal` the one it is stopped with.
    """

    name: str
    where: str
    line: int = 1
    argv: tuple[str, ...] = ()
    shell: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    replicas: int | None = None
    scale: tuple[int, int] | None = None
    grace: float | None = None
    signal: str | None = None
    remarks: list[Remark] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The file alone."""
        return self.where.rpartition(":")[0]


def split(text: str) -> list[str]:
    """Return the words of a command that no shell runs.

    Raises ValueError where quotes are open, or the text is longer than any command.
    """
    import shlex

    if len(text) > _LONGEST:
        raise ValueError("longer than any command")
    return shlex.split(text)


def unknown(text: str) -> str:
    """Return the mark of something that is not known; `text` is what is shown for it."""
    return f"{UNKNOWN}{text.replace(UNKNOWN, '')}{UNKNOWN}"


def is_known(text: str) -> bool:
    """Whether nothing in a text is unknown."""
    return UNKNOWN not in text


def unknowns(text: str) -> list[str]:
    """Return what is unknown in a text, as it is shown."""
    return _UNKNOWN.findall(text)


def readable(text: str) -> str:
    """Return a text for a report: what is unknown stands as the file wrote it."""
    return text.replace(UNKNOWN, "")


def shown(words: Sequence[str]) -> str:
    """Return words as a person would read them, unknown parts as the file wrote them."""
    from shlex import quote

    return " ".join(readable(one) if not is_known(one) else quote(one) for one in words)
