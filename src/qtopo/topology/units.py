"""Quantities with units, as the file writes them: durations, sizes and rates.

Durations are held as seconds (exact to the millisecond), sizes as bytes. Each
`parse_*` raises ValueError with a sentence for the user; each `format_*` gives
a text that parses back to the same value.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?\s*([A-Za-z]*)", re.ASCII)

_MILLISECONDS = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_WRITTEN_DURATIONS = ("d", "h", "m", "s", "ms")
_LONGEST = 100 * 366 * _MILLISECONDS["d"]

_BYTES = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_WRITTEN_SIZES = ("TB", "TiB", "GB", "GiB", "MB", "MiB", "kB", "KiB", "B")
_LARGEST = 2**63 - 1

_PER_SECOND = {"s": 1.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(r"(\d+(?:\.\d+)?)/([smh])", re.ASCII)


def _scaled(text: str, units: dict[str, int], what: str, example: str) -> int:
    """Read `<number><unit>` as a whole number of the smallest unit."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not {what}: write a number and a unit, such as {example}")
    whole, fraction, unit = match.groups()
    if not unit:
        raise ValueError(f"{what} needs a unit, such as {example}")
    if unit not in units:
        raise ValueError(f"unknown unit {unit!r}: {what} ends in {', '.join(units)}")
    # Far beyond any limit below, and longer than Python converts by default.
    if len(whole) > 30 or len(fraction or "") > 30:
        raise ValueError(f"{what} with more than 30 digits")
    digits = int(whole + (fraction or ""))
    value: int
    value, rest = divmod(digits * units[unit], 10 ** len(fraction or ""))
    if rest:
        raise ValueError(f"{what} finer than one {next(iter(units))}")
    return value


def parse_duration(text: str) -> float:
    """Return seconds: `"250ms"` is 0.25, `"2h"` is 7200.0; at most a hundred years."""
    milliseconds = _scaled(text, _MILLISECONDS, "a duration", '"250ms", "40s", "10m", "2h" or "1d"')
    if milliseconds > _LONGEST:
        raise ValueError("a duration of more than a hundred years")
    return milliseconds / 1000


def format_duration(seconds: float) -> str:
    """Return the duration in the largest unit that keeps it whole: 5400.0 is `"90m"`."""
    milliseconds = round(seconds * 1000)
    for unit in _WRITTEN_DURATIONS:
        if milliseconds % _MILLISECONDS[unit] == 0 and (milliseconds or unit == "s"):
            return f"{milliseconds // _MILLISECONDS[unit]}{unit}"
    return f"{milliseconds}ms"


def milliseconds(seconds: float) -> int:
    """Return a duration as AMQP arguments take it."""
    return round(seconds * 1000)


def parse_size(text: str) -> int:
    """Return bytes: `"400MB"` is 400 000 000, `"400MiB"` is 400 times 2**20."""
    size = _scaled(text, _BYTES, "a size", '"400MB", "1.5GB" or "512MiB"')
    if size > _LARGEST:
        raise ValueError("a size of more than 64 bits")
    return size


def format_size(size: int) -> str:
    """Return the size in the largest unit that keeps it whole."""
    for unit in _WRITTEN_SIZES:
        if size % _BYTES[unit] == 0 and (size or unit == "B"):
            return f"{size // _BYTES[unit]}{unit}"
    raise AssertionError("every size is a number of bytes")


def parse_rate(text: str) -> str:
    """Return the rate as Celery reads it: `"20/s"`, `"5/m"`, `"1000/h"`."""
    stripped = text.strip()
    if len(stripped) > 30 or _RATE.fullmatch(stripped) is None:
        raise ValueError('not a rate: write a number per second, minute or hour, such as "5/m"')
    return stripped


def per_second(rate: str) -> float:
    """Return how many a second a rate of `parse_rate` means."""
    count, _, unit = rate.partition("/")
    return float(count) / _PER_SECOND[unit]


def _pattern(units: dict[str, int], positive: bool) -> str:
    """Return what `_scaled` reads as a regular expression of JSON Schema."""
    digits, point = "[0-9]{1,30}", r"(\.[0-9]{1,30})?"
    if positive:
        # Some digit is not 0, before the point or behind it.
        number = (
            rf"([0-9]{{0,29}}[1-9][0-9]{{0,29}}{point}|{digits}\.[0-9]{{0,29}}[1-9][0-9]{{0,29}})"
        )
    else:
        number = digits + point
    return rf"^\s*{number}\s*({'|'.join(units)})\s*$"


def duration_pattern(positive: bool) -> str:
    """Return the regular expression of durations, for JSON Schema."""
    return _pattern(_MILLISECONDS, positive)


def size_pattern(positive: bool) -> str:
    """Return the regular expression of sizes, for JSON Schema."""
    return _pattern(_BYTES, positive)


def rate_pattern(positive: bool) -> str:  # noqa: ARG001
    """Return the regular expression of rates, for JSON Schema."""
    return r"^\s*[0-9]+(\.[0-9]+)?/[smh]\s*$"
