"""The crontab expressions of the schedule: the part of Celery's grammar that is unambiguous.

Five fields as in cron: minute, hour, day of month, month, day of week (0 is
Sunday). What this accepts, Celery's own parser accepts with the same meaning.
"""

from __future__ import annotations

from typing import Any

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
"""The fields in the order they are written, by the names of Celery's arguments."""

_RANGES = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month_of_year": (1, 12),
    "day_of_week": (0, 6),
}


def split(expression: str) -> dict[str, str]:
    """Return the fields by the names of Celery's `crontab` arguments."""
    return dict(zip(FIELDS, expression.split(), strict=True))


def problem(expression: str) -> str | None:
    """Return why an expression is no crontab, or None."""
    fields = expression.split()
    if len(fields) != len(FIELDS):
        return (
            f"cannot be {expression!r}: a crontab has five fields, minute, hour, "
            f"day of month, month and day of week"
        )
    for name, text in zip(FIELDS, fields, strict=True):
        for part in text.split(","):
            wrong = _part_problem(name, part)
            if wrong is not None:
                return f"cannot be {expression!r}: {name.replace('_', ' ')} {text!r} {wrong}"
    return None


def _part_problem(name: str, part: str) -> str | None:
    span, slash, step = part.partition("/")
    if slash and not (_is_number(step) and int(step) > 0):
        return "has a step that is no number above 0"
    if span == "*":
        return None
    first, dash, last = span.partition("-")
    if slash and not dash:
        return "has a step without a range: write */n or a-b/n"
    for value in (first, last) if dash else (first,):
        low, high = _RANGES[name]
        number = _value(name, value)
        if number is None:
            return f"is not made of numbers from {low} to {high}, ranges, steps and lists"
        if not low <= number <= high:
            return f"has {number}, outside {low} to {high}"
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def _value(name: str, text: str) -> int | None:
    if _is_number(text):
        return int(text)
    if name == "month_of_year" and text.lower() in _MONTHS:
        return _MONTHS.index(text.lower()) + 1
    if name == "day_of_week" and text.lower() in _DAYS:
        return _DAYS.index(text.lower())
    return None


def form() -> dict[str, Any]:
    """Return what `problem` says, for JSON Schema."""
    numbers = {
        "minute": "0{0,2}[0-5][0-9]|0{0,3}[0-9]",
        "hour": "0{0,2}(1[0-9]|2[0-3])|0{0,3}[0-9]",
        "day_of_month": "0{0,2}([12][0-9]|3[01])|0{0,3}[1-9]",
        "month_of_year": f"0{{0,2}}1[0-2]|0{{0,3}}[1-9]|{_any_case(_MONTHS)}",
        "day_of_week": f"0{{0,3}}[0-6]|{_any_case(_DAYS)}",
    }
    step = "/([1-9][0-9]{0,3}|0[1-9][0-9]{0,2}|00[1-9][0-9]?|000[1-9])"
    fields = []
    for name in FIELDS:
        value = f"({numbers[name]})"
        part = rf"(\*({step})?|{value}(-{value}({step})?)?)"
        fields.append(f"{part}(,{part})*")
    return {"pattern": rf"^\s*{(chr(92) + 's+').join(fields)}\s*$"}


def _any_case(words: tuple[str, ...]) -> str:
    return "|".join("".join(f"[{one}{one.upper()}]" for one in word) for word in words)
