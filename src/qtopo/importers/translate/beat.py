"""Beat's settings as `[beat]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import WARNING
from qtopo.importers.translate.sending import send
from qtopo.importers.values import (
    CrontabSpec,
    IntervalSpec,
    Setting,
    SolarSpec,
    known,
    settled,
    shown,
)
from qtopo.topology import crontab
from qtopo.topology.beat import SCHEDULERS
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.importers.draft import Draft, Path
    from qtopo.importers.translate.declared import Declared
    from qtopo.importers.translate.routers import Routing

_WORDS = {path: word for word, path in SCHEDULERS.items() if path} | {
    "redbeat.schedulers.RedBeatScheduler": "redbeat",
    "redbeat.schedulers:RedBeatScheduler": "redbeat",
    "redbeat:RedBeatScheduler": "redbeat",
    "django_celery_beat.schedulers.DatabaseScheduler": "django",
    "django": "django",
    "celery.beat:PersistentScheduler": None,
    "celery.beat.PersistentScheduler": None,
}
_DURATIONS = {"beat_max_loop_interval": "max_interval", "redbeat_lock_timeout": "lock_timeout"}
_ENTRY = ("task", "schedule", "args", "kwargs", "options", "relative")
_OPTIONS = ("queue", "routing_key", "exchange", "exchange_type", "expires", "expire_seconds")


def write_beat(
    settings: Mapping[str, Setting], routes: Routing, declared: Declared, draft: Draft
) -> None:
    """Put the schedule and the settings of beat into the draft."""
    scheduler = settings.get("beat_scheduler")
    if scheduler is not None:
        path = settled(scheduler.value)
        if isinstance(path, str) and path:
            word = _WORDS.get(path, path)
            if word is not None:
                draft.put(("beat", "scheduler"), word, scheduler.where)
        else:
            draft.leave("beat", f"scheduler = {shown(scheduler.value)}")
    filename = settings.get("beat_schedule_filename")
    if filename is not None and isinstance(settled(filename.value), str):
        draft.put(("beat", "schedule_file"), settled(filename.value))
    for name, key in _DURATIONS.items():
        value = settled(settings[name].value) if name in settings else None
        if isinstance(value, IntervalSpec):
            value = value.seconds
        if isinstance(value, int | float) and value > 0:
            draft.put(("beat", key), format_duration(value))
    schedule = settings.get("beat_schedule")
    if schedule is None:
        return
    entries = schedule.value if isinstance(schedule.value, dict) else None
    if entries is None:
        if schedule.value is not None:
            draft.note(
                WARNING,
                f"beat_schedule is not known without running code: {shown(schedule.value)}",
                None,
                schedule.where,
            )
            draft.leave("beat.schedule", shown(schedule.value, 2000))
        return
    for name, entry in entries.items():
        _Entry(str(settled(name)), entry, schedule.where, routes, declared, draft).write()


def declare_beat(settings: Mapping[str, Setting], declared: Declared) -> None:
    """Make the queues that only the schedule names, before queues are written."""
    schedule = settings.get("beat_schedule")
    entries = schedule.value if schedule is not None else None
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        options = entry.get("options") if isinstance(entry, dict) else None
        queue = settled(options.get("queue")) if isinstance(options, dict) else None
        if isinstance(queue, str) and queue and schedule is not None:
            declared.get(queue, f"schedule entry {shown(name)}", schedule.where)


class _Entry:
    """One entry of the schedule."""

    def __init__(
        self,
        name: str,
        entry: Any,
        where: str | None,
        routes: Routing,
        declared: Declared,
        draft: Draft,
    ) -> None:
        self.name = name
        self.entry = entry
        self.where = where
        self.routes = routes
        self.declared = declared
        self.draft = draft
        self.path: Path = ("beat", "schedule", name)

    def write(self) -> None:
        """Put the entry into the draft, or keep it as a leftover."""
        if not isinstance(self.entry, dict):
            self._leave(f"{self.name} = {shown(self.entry)}", "it is no table")
            return
        task = settled(self.entry.get("task"))
        when = self._when(self.entry.get("schedule"))
        if not isinstance(task, str) or not task or when is None:
            what = "when it is sent" if isinstance(task, str) and task else "its task"
            self._leave(shown(self.entry, 2000), f"{what} cannot be written")
            return
        table: dict[str, Any] = {"task": task, **when}
        options = self.entry.get("options")
        if isinstance(options, dict):
            table |= self._options(task, {str(key): value for key, value in options.items()})
        for key in ("args", "kwargs"):
            value = self.entry.get(key)
            if value:
                table[key] = list(value) if isinstance(value, tuple) else value
        for key in self.entry:
            if key not in _ENTRY:
                self._leave(f"{key} = {shown(self.entry[key])}", f"beat ignores {key!r}")
        if self.entry.get("relative"):
            self._leave("relative = True", "the file has no relative schedules")
        self.draft.put(self.path, table, self.where)

    def _leave(self, text: str, why: str) -> None:
        self.draft.note(
            WARNING, f"schedule entry {self.name!r}: {why}: {shown(text)}", None, self.where
        )
        self.draft.leave(".".join(map(str, self.path)), text)

    def _when(self, schedule: Any) -> dict[str, Any] | None:
        schedule = settled(schedule)
        if isinstance(schedule, bool):
            return None
        if isinstance(schedule, int | float):
            schedule = IntervalSpec(float(schedule))
        if isinstance(schedule, IntervalSpec):
            seconds = round(schedule.seconds, 3)
            return {"every": format_duration(seconds)} if seconds > 0 else None
        if isinstance(schedule, CrontabSpec):
            text = crontab_text(schedule)
            return None if text is None else {"crontab": text}
        if isinstance(schedule, SolarSpec):
            found = {
                "event": settled(schedule.event),
                "latitude": settled(schedule.latitude),
                "longitude": settled(schedule.longitude),
            }
            return {"solar": found}
        return None

    def _options(self, task: str, options: dict[str, Any]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        rule = self.routes.find(task)
        merged = {**({} if rule is None else rule.options), **options}
        sent = send(merged, self.declared, f"schedule entry {self.name!r}", self.where)
        queue = settled(options.get("queue"))
        if isinstance(queue, str) and queue:
            table["queue"] = self.declared.aliases.get(queue, queue)
        key = settled(options.get("routing_key"))
        if isinstance(key, str) and key and sent.exchange:
            home = self.declared.queues.get(table.get("queue", ""))
            unsaid = None if home is None else home.routing_key
            if key != unsaid:
                table["routing_key"] = key
        expires = settled(options.get("expires"))
        if expires is None:
            expires = settled(options.get("expire_seconds"))
        if isinstance(expires, IntervalSpec):
            expires = expires.seconds
        if isinstance(expires, int | float) and not isinstance(expires, bool) and expires >= 0:
            table["expires"] = format_duration(expires)
        elif expires is not None:
            self._leave(f"expires = {shown(expires)}", "expires is no number of seconds")
        if "exchange" in options and "queue" not in options:
            self.draft.note(
                WARNING,
                f"schedule entry {self.name!r} names an exchange and no queue: "
                + ("Celery ignores it" if not key else f"it goes to {sent.exchange!r} alone"),
                self.path,
                self.where,
                "beat-exchange-only",
            )
        for name, value in options.items():
            route = {} if rule is None else rule.options
            computed = name in ("exchange", "priority", "headers") and (
                "queue" in options or value == route.get(name)
            )
            if name not in _OPTIONS and not computed:
                self._leave(f"options.{name} = {shown(value)}", f"option {name!r} has no key")
        return table


def crontab_text(spec: CrontabSpec) -> str | None:
    """Return a crontab as five fields, or None where the file's grammar has no words for it."""
    fields = dict(spec.fields)
    if not known(fields) or set(fields) - set(crontab.FIELDS):
        return None
    words = []
    for name in crontab.FIELDS:
        value = settled(fields.get(name, "*"))
        if isinstance(value, list | tuple | set | frozenset):
            value = ",".join(str(one) for one in sorted(value, key=str))
        words.append("".join(str(value).split()))
    text = " ".join(words)
    return text if all(words) and crontab.problem(text) is None else None
