"""`[[routes]]`: which tasks go where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.topology.common import ARGUMENTS, EMPTY, KEY, NAME, SOME_NAMES
from qtopo.topology.kinds import Number, OneOf, Table, Text
from qtopo.topology.model import Model, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _regex(value: str) -> str | None:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(value)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"is no regular expression: {error}"
    return None


class Regex(Model):
    """A pattern as Python's `re` reads it, matched at the start of the name."""

    regex: str = field(
        Text(empty=False, check=_regex, form=lambda: {"format": "regex"}),
        "The expression; it matches at the start of the name.",
    )


_TASK = OneOf(
    'a name, a pattern, a list of them, or { regex = "..." }',
    {str: NAME, list: SOME_NAMES, dict: Table(Regex)},
    lambda value: str if isinstance(value, str) else list if isinstance(value, tuple) else dict,
)

DELIVERY_MODES = ("persistent", "transient")


class Route(Model):
    """Where the tasks of a name or pattern are published."""

    task: str | tuple[str, ...] | Regex = field(
        _TASK, 'A task\'s name, a pattern with `*`, a list of them, or `{ regex = "..." }`.'
    )
    queue: str | None = field(
        NAME, "The queue they are meant for; without it the default queue.", default=None
    )
    exchange: str | None = field(
        NAME, "The exchange, only where the queue leaves a choice.", default=None
    )
    routing_key: str | None = field(KEY, "The key they are published with.", default=None)
    headers: Mapping[str, Any] = field(
        ARGUMENTS, "The headers they are published with.", default=EMPTY
    )
    delivery_mode: str | None = field(
        Text(options=DELIVERY_MODES), "Whether the broker writes them to disk.", default=None
    )
    priority: int | None = field(
        Number(0, 9),
        "0 to 9; a higher number is always more urgent, whatever the broker.",
        default=None,
    )

    @property
    def names(self) -> Iterator[str]:
        """The exact names it answers."""
        return (one for one in self._texts if "*" not in one)

    @property
    def globs(self) -> Iterator[str]:
        """The patterns with a star it answers."""
        return (one for one in self._texts if "*" in one)

    @property
    def _texts(self) -> tuple[str, ...]:
        if isinstance(self.task, str):
            return (self.task,)
        return self.task if isinstance(self.task, tuple) else ()
