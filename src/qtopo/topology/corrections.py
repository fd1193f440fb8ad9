"""Fixes for slips: the one name that was meant, the value that was meant, rewritten.

Imported where a problem was found. What is here is sure: where two answers are
thinkable there is none, and the help has to do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.topology.finding import put
from qtopo.topology.misspelling import is_slip
from qtopo.topology.shape import Trial
from qtopo.topology.suggest import HEAD, TAIL, filed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.topology.finding import Fix, Path
    from qtopo.topology.model import Kind

_MANY, _SOME = 300, 500

_UNITS = {
    "ms": ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
    "B": ("b", "byte", "bytes"),
    "kB": ("kb",),
    "MB": ("mb",),
    "GB": ("gb",),
    "TB": ("tb",),
    "KiB": ("kib",),
    "MiB": ("mib",),
    "GiB": ("gib",),
    "TiB": ("tib",),
}
"""The units of the file, with what people write for them; not `M` and `G`: 10^6 or 2^20?"""

_WORDS = {word: unit for unit, words in _UNITS.items() for word in words}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/|per)\s*([A-Za-z]+)", re.ASCII)
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_FRACTION = re.compile(r"-?(?:0|[1-9]\d{0,9})\.\d{1,6}", re.ASCII)


def meant(word: str, names: Iterable[str]) -> str | None:
    """Return the one name that `word` is with a slip of the keyboard; None if none, or two, are.

    Names of the file: two that are similar are the rule, so the test is strict.
    """
    found = [name for name in _candidates(word, names) if is_slip(word, name)]
    return found[0] if len(found) == 1 else None


def meant_word(word: str, words: Iterable[str]) -> str | None:
    """Return the one of some fixed words that was meant: few and far apart, so any slip counts."""
    known = list(words)
    folded = [one for one in known if _fold(one) == _fold(word)]
    if folded:
        return folded[0] if len(folded) == 1 else None
    found = [one for one in known if _one_slip(word, one)]
    if not found:
        return meant(word, known)
    return found[0] if len(found) == 1 else None


def rewritten(value: Any, kind: Kind, path: Path) -> Fix | None:
    """Return the fix for a value that is right but for its form, as `kind` would read it."""
    for other in _forms(value):
        reader = Trial()
        kind.read(other, path, reader)
        if not reader.findings:
            quoted = type(other) is str and type(value) is not str
            return put(path, other, "write it in quotes" if quoted else None)
    return None


def seconds(value: Any, kind: Kind, path: Path) -> Fix | None:
    """Return the fix for a bare number where a duration belongs, taken for seconds as Celery does.

    Not sure: RabbitMQ counts in milliseconds. Only 0 is 0 in any unit.
    """
    if type(value) is str and _WHOLE.fullmatch(value):
        value = int(value)
    if type(value) is not int or value < 0:
        return None
    text = f"{value}s"
    reader = Trial()
    kind.read(text, path, reader)
    return None if reader.findings else put(path, text, safe=not value)


def _forms(value: Any) -> list[Any]:
    if type(value) is str:
        forms: list[Any] = [[value]]
        if value in ("true", "false"):
            forms.insert(0, value == "true")
        elif _WHOLE.fullmatch(value):
            forms.insert(0, int(value))
        elif _FRACTION.fullmatch(value):
            forms.insert(0, float(value))
        return forms + _quantities(value)
    if type(value) in (int, float):
        return [repr(value)]
    return []


def _quantities(text: str) -> list[str]:
    if len(text) > 40:
        return []
    rate = _RATE.fullmatch(text.strip())
    if rate is not None:
        unit = _WORDS.get(rate[2].lower())
        return [f"{rate[1]}/{unit}"] if unit in ("s", "m", "h") else []
    found = _QUANTITY.fullmatch(text.strip())
    if found is None:
        return []
    # "M" alone may be a month, a minute or a mega: no guess.
    unit = None if found[2] == "M" else _WORDS.get(found[2].lower())
    return [f"{found[1]}{unit}"] if unit else []


def _candidates(word: str, names: Iterable[str]) -> list[str]:
    """Return the names worth comparing; none where there are too many to be sure of one."""
    every = tuple(names)
    lengths = range(len(word) - 2, len(word) + 3)
    if len(every) <= _MANY:
        return [name for name in every if len(name) in lengths]
    drawers = filed(every)
    ends = (("", True), (word[:HEAD], True), (word[-TAIL:], False))
    known, *some = ([drawers.get((*end, one), ()) for one in lengths] for end in ends)
    if sum(map(len, known)) > _MANY:
        if any(sum(map(len, held)) > _SOME for held in some):
            return []
        known = [held for half in some for held in half]
    return list({name for held in known for _, name in held})


def _one_slip(one: str, other: str) -> bool:
    """Whether a letter was added, dropped, changed, or swapped with its neighbour."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 3:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, others = one[start:], other[start:]
    return (
        rest[1:] == others[1:]
        or rest[1:] == others
        or rest == others[1:]
        or (rest[:2] == others[:2][::-1] and rest[2:] == others[2:])
    )


def _fold(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
