"""`[tasks."NAME"]` and `[resources.NAME]`: what is known of the work itself."""

from __future__ import annotations

from qtopo.topology.common import (
    AMOUNT,
    COUNT,
    DURATION,
    FLAG,
    NAME,
    NAMES,
    PERIOD,
    POSITIVE,
    PROSE,
    RATE,
    SIZE,
    TEXT,
)
from qtopo.topology.kinds import Table, Text
from qtopo.topology.model import Model, field, name_field


class Duration(Model):
    """How long a task runs."""

    mean: float = field(DURATION, "On average.")
    p99: float | None = field(DURATION, "In all but one case of a hundred.", default=None)


class Task(Model):
    """Facts about one task; all optional."""

    name: str = name_field()
    queue: str | None = field(NAME, "Its queue: an exact route.", default=None)
    duration: Duration | None = field(
        Table(Duration, shorthand="mean"),
        "How long it runs: the mean, or mean and p99.",
        default=None,
    )
    rate: str | None = field(RATE, "How often it is sent.", default=None)
    rate_limit: str | None = field(RATE, "Celery's limit, per worker process.", default=None)
    cpu: float | None = field(
        AMOUNT, "Cores busy while it runs: 1.0 is CPU-bound, 0.05 waits on I/O.", default=None
    )
    memory: int | None = field(SIZE, "What it needs at its peak.", default=None)
    time_limit: float | None = field(PERIOD, "After this it is killed.", default=None)
    soft_time_limit: float | None = field(PERIOD, "After this it gets an exception.", default=None)
    acks_late: bool | None = field(
        FLAG, "Whether it is acknowledged when it is done, not when it starts.", default=None
    )
    idempotent: bool | None = field(FLAG, "Whether running it twice does no harm.", default=None)
    max_retries: int | None = field(COUNT, "How often it retries.", default=None)
    max_delay: float | None = field(
        DURATION, "The longest countdown or ETA it is sent with.", default=None
    )
    ignore_result: bool | None = field(FLAG, "Whether its result is thrown away.", default=None)
    uses: tuple[str, ...] = field(NAMES, "The resources it changes.", default=())
    waits_for: tuple[str, ...] = field(NAMES, "The tasks whose results it blocks on.", default=())
    description: str | None = field(PROSE, "What it does.", default=None)
    owner: str | None = field(PROSE, "Who answers for it.", default=None)


class Resource(Model):
    """State that tasks share."""

    name: str = name_field()
    kind: str = field(
        Text(options=("process-memory", "file", "database", "cache", "external-api")),
        "Where the state is.",
    )
    lock: str | None = field(
        TEXT,
        "What serialises access, in a word of your own; without it nothing does.",
        default=None,
    )
    max_concurrent: int | None = field(
        POSITIVE, "How many tasks may use it at a time.", default=None
    )
    description: str | None = field(PROSE, "What it is.", default=None)
