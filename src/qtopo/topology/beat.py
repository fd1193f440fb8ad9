"""`[beat]`: what is sent on a schedule, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology import crontab
from qtopo.topology.common import ARGUMENTS, DURATION, EMPTY, KEY, NAME, PERIOD, PROSE, TEXT
from qtopo.topology.kinds import Named, Number, Table, Text
from qtopo.topology.model import Model, field, name_field
from qtopo.topology.raw import Raw

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = (
    "dawn_astronomical",
    "dawn_nautical",
    "dawn_civil",
    "sunrise",
    "solar_noon",
    "sunset",
    "dusk_civil",
    "dusk_nautical",
    "dusk_astronomical",
)

SCHEDULERS = {
    "persistent": None,
    "redbeat": "redbeat.RedBeatScheduler",
    "django": "django_celery_beat.schedulers:DatabaseScheduler",
}
"""The schedulers known by a word, as `beat_scheduler` takes them (None: Celery's default)."""


def _scheduler(value: str) -> str | None:
    if value in SCHEDULERS or "." in value or ":" in value:
        return None
    from qtopo.topology.suggest import did_you_mean

    hint = did_you_mean(value, SCHEDULERS)
    words = f"cannot be {value!r}: it is {', '.join(SCHEDULERS)} or a dotted path"
    return f"{words} ({hint})" if hint else words


def _scheduler_form() -> dict[str, Any]:
    return {"anyOf": [{"enum": list(SCHEDULERS)}, {"pattern": "[.:]"}]}


class Solar(Model):
    """An event of the sun at a place."""

    event: str = field(Text(options=EVENTS), "What the sun does.")
    latitude: float = field(Number(-90, 90, fraction=True), "Degrees north.")
    longitude: float = field(Number(-180, 180, fraction=True), "Degrees east.")


class Entry(Model):
    """A task that is sent again and again."""

    ONE_OF = ("crontab", "every", "solar")

    name: str = name_field()
    task: str = field(NAME, "The task that is sent.")
    crontab: str | None = field(
        Text(check=crontab.problem, form=crontab.form),
        "When, as cron writes it: five fields.",
        default=None,
    )
    every: float | None = field(PERIOD, "How often.", default=None)
    solar: Solar | None = field(Table(Solar), "At which event of the sun.", default=None)
    queue: str | None = field(NAME, "Its queue, in place of its route.", default=None)
    routing_key: str | None = field(KEY, "The key it is published with.", default=None)
    expires: float | None = field(
        DURATION, "After this a message that nobody took is thrown away.", default=None
    )
    args: tuple[Any, ...] = field(Raw(list), "Positional arguments.", default=())
    kwargs: Mapping[str, Any] = field(ARGUMENTS, "Keyword arguments.", default=EMPTY)
    description: str | None = field(PROSE, "What it is for.", default=None)


class Beat(Model):
    """The process that sends the tasks of the schedule."""

    scheduler: str = field(
        Text(check=_scheduler, form=_scheduler_form),
        "persistent, redbeat, django, or a dotted path.",
        default="persistent",
    )
    replicas: int = field(Number(0, 10_000), "How many processes; 0 switches it off.", default=1)
    schedule_file: str | None = field(
        TEXT, "Where the persistent scheduler keeps what it sent.", default=None
    )
    max_interval: float | None = field(
        PERIOD, "The longest sleep between two looks at the schedule.", default=None
    )
    lock_timeout: float | None = field(PERIOD, "How long redbeat's lock holds.", default=None)
    schedule: Mapping[str, Entry] = field(
        Named(Table(Entry)), "What is sent, by name.", default=EMPTY
    )

    @property
    def scheduler_path(self) -> str | None:
        """The value of `beat_scheduler`; None for Celery's default."""
        return SCHEDULERS.get(self.scheduler, self.scheduler)
