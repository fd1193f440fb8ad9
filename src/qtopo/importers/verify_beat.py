"""Holds the entries of beat's schedule against those they were imported from.

Beat's own code sends each, from both applications, into a listener; when it is sent
is compared by Celery's own schedules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.sides import Way, heard, untyped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.compiler.listener import Listener
    from qtopo.importers.draft import Draft, Note

_ABSENT = Way(None, None, None, None, (), "nothing: there is no such entry")


def entries(
    old: tuple[Any, Mapping[str, Any]], new: tuple[Any, Mapping[str, Any]]
) -> Iterator[tuple[str, str, Way, Way]]:
    """Yield name, task, and both ways of each entry; each side is an app and its schedule."""
    for name in dict.fromkeys((*old[1], *new[1])):
        theirs, mine = (
            _sent(app, name, schedule[name]) if name in schedule else _ABSENT
            for app, schedule in (old, new)
        )
        found = old[1].get(name) or new[1].get(name)
        task = found.get("task") if isinstance(found, dict) else None
        yield str(name), str(task), theirs, mine


def explained(name: str, draft: Draft) -> Note | None:
    """Return the note of the import about an entry, if there is one."""
    said = f"schedule entry {name!r}"
    return next(
        (
            one
            for one in draft.notes
            if one.message.startswith((f"{said} ", f"{said}:"))
            or one.path == ("beat", "schedule", name)
        ),
        None,
    )


def _sent(app: Any, name: str, fields: Any) -> Way:
    """Return what beat sends for an entry."""
    from celery.beat import ScheduleEntry, Scheduler

    if not isinstance(fields, dict):
        return _ABSENT._replace(refused="nothing: the entry is no table")

    def publish(listener: Listener) -> None:
        # As beat makes them of its settings; `relative` is the schedule's.
        known = {key: one for key, one in fields.items() if key in _FIELDS}
        known["options"] = {**(known.get("options") or {}), "ignore_result": True}
        entry = ScheduleEntry(**{**known, "name": name, "app": app})
        scheduler = Scheduler(app, schedule={}, lazy=True)
        task = app.tasks.get(entry.task)
        if task is None:
            scheduler.apply_async(entry, producer=listener, advance=False)
        else:
            with untyped(task):
                scheduler.apply_async(entry, producer=listener, advance=False)

    way = heard(publish)
    return way._replace(entry=_described(app, fields))


_FIELDS = ("task", "schedule", "args", "kwargs", "options", "relative")


def _described(app: Any, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return when an entry is sent, with what, and how long it counts, as comparable text."""
    from celery.schedules import maybe_schedule

    schedule = maybe_schedule(fields.get("schedule"), fields.get("relative") or False, app=app)
    options = fields.get("options") or {}
    expires: Any = options.get("expires", options.get("expire_seconds"))
    if hasattr(expires, "total_seconds"):
        expires = expires.total_seconds()
    parts = [_when(schedule)]
    for word, value, empty in (
        ("args", list(fields.get("args") or ()), []),
        ("kwargs", dict(fields.get("kwargs") or {}), {}),
    ):
        if value != empty:
            parts.append(f"{word} {value!r}")
    if isinstance(expires, int | float):
        parts.append(f"expires after {float(expires):g} s")
    elif expires is not None:
        parts.append(f"expires {expires!r}")
    return tuple(parts)


def _when(schedule: Any) -> str:
    """Return a schedule by what it means: `*/15` and the minutes it stands for are the same."""
    from celery.schedules import crontab, solar
    from celery.schedules import schedule as interval

    if isinstance(schedule, crontab):
        fields = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
        return "crontab " + " ".join(
            ",".join(map(str, sorted(getattr(schedule, one)))) for one in fields
        )
    if isinstance(schedule, solar):
        return f"{schedule.event} at {float(schedule.lat):g}, {float(schedule.lon):g}"
    if isinstance(schedule, interval):
        relative = ", relative" if schedule.relative else ""
        return f"every {schedule.run_every.total_seconds():g} s{relative}"
    return repr(schedule)
