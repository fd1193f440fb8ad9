"""`[workers.NAME]` and `[machines.NAME]`: who works, and on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import (
    AMOUNT,
    COUNT,
    EMPTY,
    ENVIRONMENT,
    NAME,
    NAMES,
    PERIOD,
    POSITIVE,
    PROSE,
    SIZE,
    SOME_NAMES,
    TEXT,
)
from qtopo.topology.kinds import Items, Number, Table, Text
from qtopo.topology.model import Model, describe, field, name_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader

POOLS = ("prefork", "threads", "gevent", "eventlet", "solo")


class Autoscale(Model):
    """Between how many and how many a pool grows."""

    min: int = field(COUNT, "The fewest.")
    max: int = field(POSITIVE, "The most.")


class Scale(Model):
    """Between how many and how many processes an autoscaler of the platform keeps."""

    min: int = field(COUNT, "The fewest; 0 where it may go away while there is nothing to do.")
    max: int = field(POSITIVE, "The most.")


class Shutdown(Model):
    """How a worker stops: `drain` gives running tasks that long, `soft` then puts them back."""

    ONE_OF = ("drain", "soft")

    drain: float | None = field(PERIOD, "The grace for running tasks.", default=None)
    soft: float | None = field(
        PERIOD, "The time before running tasks are given back to the queue.", default=None
    )


class _Shutdown(Table):
    """`"drain"`, `{ drain = "15m" }` or `{ soft = "20s" }`; the first is None."""

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        if value == "drain":
            return None
        if isinstance(value, str):
            reader.add(
                "invalid-value",
                path,
                f"{describe(path)} cannot be {value!r}",
                help='write "drain", { drain = "15m" } or { soft = "20s" }',
            )
            return None
        return super().read(value, path, reader)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [{"const": "drain"}, super().schema(definitions)]}


class Worker(Model):
    """One kind of worker process: `celery worker`, started once per replica."""

    EXCLUSIVE = (("autoscale", ("concurrency",)),)

    name: str = name_field()
    queues: tuple[str, ...] = field(SOME_NAMES, "The queues it consumes.")
    pool: str = field(Text(options=POOLS), "Celery's execution pool.", default="prefork")
    concurrency: int | None = field(
        Number(1, 100_000), "How many tasks a process runs at a time.", default=None
    )
    replicas: int = field(Number(0, 10_000), "How many processes; 0 switches it off.", default=1)
    autoscale: Autoscale | None = field(
        Table(Autoscale), "Between how many and how many the pool grows.", default=None
    )
    scale: Scale | None = field(
        Table(Scale),
        "Between how many and how many processes an autoscaler such as KEDA keeps.",
        default=None,
    )
    prefetch_multiplier: int | None = field(
        Number(1, 65_535), "How many messages it reserves per task it can run.", default=None
    )
    max_tasks_per_child: int | None = field(
        POSITIVE, "After how many tasks a pool process is replaced.", default=None
    )
    max_memory_per_child: int | None = field(
        SIZE, "Past how much memory a pool process is replaced.", default=None
    )
    include: tuple[str, ...] = field(NAMES, "The modules it imports, when not all.", default=())
    shutdown: Shutdown | None = field(
        _Shutdown(Shutdown), '"drain", `{ drain = "15m" }` or `{ soft = "20s" }`.', default=None
    )
    machine: str | None = field(NAME, "The kind of machine it runs on.", default=None)
    env: Mapping[str, str] = field(
        ENVIRONMENT, "Environment variables of the process.", default=EMPTY
    )
    extra_args: tuple[str, ...] = field(
        Items(TEXT, "a list of strings"), "Further arguments of `celery worker`.", default=()
    )
    description: str | None = field(PROSE, "What it is for.", default=None)
    owner: str | None = field(PROSE, "Who answers for it.", default=None)

    @property
    def capacity(self) -> int | None:
        """How many tasks one process runs at a time at most; None: one for each core."""
        if self.pool == "solo":
            return 1
        return self.autoscale.max if self.autoscale else self.concurrency

    def cores_of(self, places: int, each: float) -> float:
        """Return the cores a process keeps busy whose `places` each keep `each` of them busy."""
        need = places * each
        # One interpreter: its threads share one core, but for a task that takes several.
        return need if self.pool == "prefork" else min(need, max(1.0, each))

    def memory_of(self, task: int) -> int:
        """Return the bytes a place may grow to, where its heaviest task needs `task` bytes."""
        limit = (self.pool == "prefork" and self.max_memory_per_child) or 0
        return max(task, limit)


class Machine(Model):
    """A kind of machine, and how many there are."""

    name: str = name_field()
    cpus: float | None = field(AMOUNT, "Cores.", default=None)
    memory: int | None = field(SIZE, "Memory.", default=None)
    count: int = field(POSITIVE, "How many there are.", default=1)
    description: str | None = field(PROSE, "What it is.", default=None)
