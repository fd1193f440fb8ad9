"""How wide a text is on the screen, without asking a font.

Widths are upper bounds for the fonts that the picture names: a text may turn out
narrower, never wider. Nothing here knows what is drawn.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from math import ceil, fsum

from qtopo.graph.picture.widths import FIRST, STEP, WIDTHS

FONTS = ("Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "sans-serif")
"""In the order they are asked for: all but the last two have Arial's widths."""

BOLD = 1.27
"""No letter grows by more when it is bold."""

_STEPS = [ord(one) - 65 if one < "a" else ord(one) - 71 for one in WIDTHS]
_KNOWN = [steps * STEP for steps in _STEPS]
_END = FIRST + len(_KNOWN)
_EAST_ASIAN = 1.05
_OTHER = 1.65
_OWN = dict.fromkeys(map(ord, "…→←↑↓−—†‡↪⧗∥"), 1.0) | dict.fromkeys(map(ord, "‘’“”–⟨⟩"), 0.6)
_HUGE = {
    0x2031: 1.8,
    0xFDFA: 4.0,
    0xFDFB: 3.0,
    0xFDFD: 12.0,
    0x2E3A: 2.5,
    0x2E3B: 3.5,
    0x1242B: 6.0,
}
_ASCII = bytes([ceil(_OTHER / STEP)] * FIRST + _STEPS[: 128 - FIRST] + [0] * 128)
"""The width of each character of plain text, in steps."""
_ELLIPSIS = "…"
_JOINS = frozenset("\u200d\ufe0e\ufe0f")
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)


@lru_cache(maxsize=1 << 15)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return a width in px that a text of a font size in px does not exceed."""
    # `sum` adds up fractions differently from Python 3.12 on: that would move things.
    ems = sum(text.encode().translate(_ASCII)) * STEP if text.isascii() else fsum(map(_ems, text))
    return ems * size * (BOLD if bold else 1.0)


@lru_cache(maxsize=1 << 15)
def shorten(text: str, room: float, size: float, *, bold: bool = False, prose: bool = False) -> str:
    """Return a text that fits into a width in px: itself, or both its ends around `…`.

    The end gets more: in `shop.emails.password_reset` it says more than the beginning.
    What is `prose` is read from its beginning, and only that is kept.
    """
    if text_width(text, size, bold=bold) <= room:
        return text
    scale = size * (BOLD if bold else 1.0)
    left = room / scale - _ems(_ELLIPSIS)
    parts = _clusters(text)
    head, tail = 0, len(parts)
    widths = [fsum(map(_ems, part)) for part in parts]
    front = back = 0.0
    while head < tail:
        # Of a name, two thirds of the room are the end's.
        from_end = not prose and back <= 2 * front
        width = widths[tail - 1] if from_end else widths[head]
        if front + back + width > left:
            break
        if from_end:
            tail -= 1
            back += width
        else:
            head += 1
            front += width
    if left < 0:
        return ""
    end = "" if prose else "".join(parts[tail:]).lstrip()
    return "".join(parts[:head]).rstrip() + _ELLIPSIS + end


@lru_cache(maxsize=1 << 15)
def visible(text: str) -> str:
    """Return a text in which no character hides, is illegal in XML, or turns others around.

    Control characters get their pictures (`␀`), marks of direction their numbers.
    """
    # Most texts are plain, and that is known much sooner.
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(_visible, text)


def visible_lines(text: str) -> str:
    """Return a text in which nothing hides, its line breaks kept."""
    flat = text.replace("\n", " ")
    if (flat.isascii() and flat.isprintable()) or not _HIDDEN.search(flat):
        return text
    return "\n".join(map(visible, text.split("\n")))


@lru_cache(maxsize=1 << 12)
def right_to_left(text: str) -> bool:
    """Whether a text has characters that are read from right to left."""
    return not text.isascii() and any(
        unicodedata.bidirectional(one) in ("R", "AL", "RLE", "RLO", "RLI") for one in text
    )


@lru_cache(maxsize=1 << 12)
def _ems(one: str) -> float:
    code = ord(one)
    if FIRST <= code < _END:
        return _KNOWN[code - FIRST]
    if code in _OWN:
        return _OWN[code]
    if code in _HUGE:
        return _HUGE[code]
    if unicodedata.category(one) in ("Mn", "Me", "Cf"):
        return 0.0
    if code < 0x1F000 and unicodedata.east_asian_width(one) in ("W", "F"):
        return _EAST_ASIAN
    return _OTHER


def _clusters(text: str) -> list[str]:
    """Return what must not be torn apart: a letter with its marks, an emoji with its parts."""
    parts: list[str] = []
    joined = False
    for one in text:
        if parts and (
            joined
            or one in _JOINS
            or unicodedata.category(one) in ("Mn", "Me", "Mc")
            or 0x1F3FB <= ord(one) <= 0x1F3FF
        ):
            parts[-1] += one
        else:
            parts.append(one)
        joined = one == "\u200d"
    return parts


def _visible(found: re.Match[str]) -> str:
    one = found.group()
    code = ord(one)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return f"⟨{code:04X}⟩"
