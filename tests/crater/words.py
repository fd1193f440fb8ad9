"""How the corpus writes things: routes in every shape Celery takes, schedules, markers."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any


def marked(value: Any) -> bool:
    """Whether a value is a marker of the corpus: only known at run time."""
    return isinstance(value, dict) and any(str(key).startswith("$") for key in value)


def entries(routes: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the entries of `task_routes`, flat, in order."""
    if isinstance(routes, dict):
        if marked(routes):
            return []
        return [(key, options(value)) for key, value in routes.items()]
    found = []
    for one in routes or []:
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
            found.append((one[0], options(one[1])))
        else:
            found += entries(one)
    return found


def options(value: Any) -> dict[str, Any]:
    return {"queue": value} if isinstance(value, str) else dict(value)


def first(routes: list[tuple[str, dict[str, Any]]], task: str) -> dict[str, Any] | None:
    return next(
        (options for pattern, options in routes if "*" in pattern and fnmatchcase(task, pattern)),
        None,
    )


def when(written: Any) -> dict[str, str] | None:
    """Return `every` or `crontab` for a schedule as the corpus writes it."""
    text = str(written)
    every = re.fullmatch(r"every (\d+)(?:\.0)?s", text)
    if every:
        return {"every": f"{every[1]}s"}
    inside = re.fullmatch(r"crontab\((.*)\)", text)
    if not inside or "<" in text or "$" in text:
        return None
    fields = dict(re.findall(r"(\w+)=([^=]+?)(?=, \w+=|$)", inside[1]))
    if inside[1] and not fields:
        return None
    order = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    days = {"monday": "mon", "tuesday": "tue", "wednesday": "wed", "thursday": "thu"}
    days |= {"friday": "fri", "saturday": "sat", "sunday": "sun"}
    cells = []
    for name in order:
        cell = fields.get(name, "*").replace(" ", "")
        for long, short in days.items():
            cell = cell.replace(long, short)
        cells.append(cell)
    return {"crontab": " ".join(cells)}
