"""`[[tests]]`: where tasks are meant to go, for `qtopo test` and pytest to hold the file against.

They say nothing of the deployment: no setting, drawing or rule reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import (
    ARGUMENTS,
    COUNT,
    DURATION,
    EMPTY,
    FLAG,
    KEY,
    NAME,
    NAMES,
    TEXT,
)
from qtopo.topology.kinds import Items, Number, OneOf, Table, Text, name_problem
from qtopo.topology.model import INVALID, Model, describe, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader


def _task(value: str) -> str | None:
    problem = name_problem(value)
    if problem is not None:
        return f"cannot be {value!r}: a name {problem.replace('is empty', 'is not empty')}"
    return f"is {value!r}, a pattern: a test takes the names of tasks" if "*" in value else None


_TASK = Text("a name", check=_task, form=lambda: {"minLength": 1, "not": {"pattern": "\\*"}})
_TASKS = OneOf(
    "a name or a list of names",
    {str: _TASK, list: Items(_TASK, "a list of names", least=1)},
    lambda value: str if isinstance(value, str) else list,
)
_PATH = Items(
    OneOf("a key or an index", {str: TEXT, int: COUNT}, type),
    'a key path, such as ["routes", 0]',
    least=1,
)
_WIRE_PRIORITY = Number(0, 255)


class DecoratorOptions(Model):
    """What the decorator of a task says of where it goes, as Celery takes it."""

    queue: str | None = field(NAME, "The queue.", default=None)
    exchange: str | None = field(NAME, "The exchange.", default=None)
    routing_key: str | None = field(KEY, "The key it is published with.", default=None)
    priority: int | None = field(
        _WIRE_PRIORITY, "The priority as it goes on the wire, which no scale changes.", default=None
    )


class CaseCall(DecoratorOptions):
    """How the task is sent, as `apply_async` and `send_task` take it."""

    countdown: float | None = field(DURATION, "How long it is to wait.", default=None)
    headers: Mapping[str, Any] = field(ARGUMENTS, "The headers of the message.", default=EMPTY)
    decorator: DecoratorOptions | None = field(
        Table(DecoratorOptions),
        "What the task's decorator says; it counts where the task is registered.",
        default=None,
    )
    registered: bool | None = field(
        FLAG,
        "Whether the sending process has the task; without it, where `decorator` is given.",
        default=None,
    )

    @property
    def known(self) -> bool:
        """Whether the sending process has the task."""
        return self.decorator is not None if self.registered is None else self.registered


class Expected(Model):
    """What must become of the message; what is not said may be anything."""

    EXCLUSIVE = (
        (
            "refused",
            (
                "queue",
                "exchange",
                "routing_key",
                "priority",
                "delivered_to",
                "workers",
                "exactly_once",
                "decided_by",
            ),
        ),
    )

    queue: str | None = field(NAME, "The queue that Celery resolves.", default=None)
    exchange: str | None = field(NAME, "The exchange that Celery resolves.", default=None)
    routing_key: str | None = field(KEY, "The key that Celery resolves.", default=None)
    priority: int | None = field(
        Number(0, 9), "0 to 9 as in routes, whatever the broker makes of it.", default=None
    )
    delivered_to: tuple[str, ...] | None = field(
        NAMES, "All queues that get the message, in any order.", default=None
    )
    workers: tuple[str, ...] | None = field(
        NAMES, "All running workers that consume one of these queues, in any order.", default=None
    )
    exactly_once: bool | None = field(
        FLAG,
        "Whether it gets into exactly one queue that running workers consume, "
        "and into none where it would stay.",
        default=None,
    )
    decided_by: tuple[str | int, ...] | None = field(
        _PATH,
        'What decides: `["routes", 0]`, `["tasks", NAME]`, `["defaults", "queue"]`.',
        default=None,
    )
    refused: str | None = field(
        NAME, "The exception that refuses to send it, such as `QueueNotFound`.", default=None
    )


class _Something(Table):
    """A table that says at least one thing."""

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the model."""
        if value == {}:
            reader.add(
                "missing-key",
                path,
                f"{describe(path)} needs one of {', '.join(self.model.KEYS)}",
                part="table",
            )
            return INVALID
        return super().read(value, path, reader)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return a reference."""
        return {**super().schema(definitions), "minProperties": 1}


class Case(Model):
    """A test: a task, how it is sent, and what must become of it.

    `qtopo test` runs them, and so does pytest (docs/testing.md).
    """

    name: str | None = field(
        TEXT, "What it is about; without it the task and the call.", default=None
    )
    task: str | tuple[str, ...] = field(_TASKS, "The task's name; of a list each is tested.")
    call: CaseCall | None = field(
        Table(CaseCall), "How it is sent; without it, with no option at all.", default=None
    )
    expect: Expected = field(_Something(Expected), "What must become of it.")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names it is about."""
        return (self.task,) if isinstance(self.task, str) else self.task
