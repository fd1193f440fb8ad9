"""The arguments of `celery worker`, taken apart as its command line does.

The table is Celery 5.7's own (introspected from click).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONG_OF = {
    "A": "app",
    "b": "broker",
    "B": "beat",
    "c": "concurrency",
    "C": "no-color",
    "D": "detach",
    "E": "task-events",
    "f": "logfile",
    "I": "include",
    "l": "loglevel",
    "n": "hostname",
    "O": "optimization",
    "P": "pool",
    "q": "quiet",
    "Q": "queues",
    "s": "schedule-filename",
    "S": "statedb",
    "X": "exclude-queues",
}
_ALIASES = {
    "discard": "purge",
    "events": "task-events",
    "schedule": "schedule-filename",
}
_SWITCHES = frozenset(
    (
        "beat",
        "detach",
        "disable-prefetch",
        "no-color",
        "purge",
        "quiet",
        "skip-checks",
        "task-events",
        "version",
        "without-gossip",
        "without-heartbeat",
        "without-mingle",
    )
)


class Flag(NamedTuple):
    """An option as it was given: where in the list, its long name, its value (None: a switch)."""

    place: int
    name: str
    value: str | None
    text: str


def flags(arguments: Sequence[str]) -> Iterator[Flag]:
    """Yield the options among arguments: `-Q a`, `-Qa`, `--queues a`, `--queues=a`, `-EB`."""
    index = 0
    while index < len(arguments):
        text = arguments[index]
        start = index
        index += 1
        if text == "--":
            return
        if text.startswith("--"):
            given, equals, value = text[2:].partition("=")
            name = _ALIASES.get(given, given)
            if name in _SWITCHES:
                yield Flag(start, name, None, text)
            elif equals:
                yield Flag(start, name, value, f"--{given}")
            else:
                yield Flag(start, name, _at(arguments, index), text)
                index += 1
        elif text.startswith("-") and len(text) > 1:
            for place, letter in enumerate(text[1:], 2):
                name = _LONG_OF.get(letter, letter)
                if name in _SWITCHES:
                    yield Flag(start, name, None, f"-{letter}")
                    continue
                rest = text[place:]
                yield Flag(start, name, rest or _at(arguments, index), f"-{letter}")
                index += not rest
                break


def _at(arguments: Sequence[str], index: int) -> str | None:
    return arguments[index] if index < len(arguments) else None
