"""Text for a terminal: made harmless, measured in columns, coloured."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "good": "1;32",
    "frame": "1;34",
    "strong": "1",
}


def visible(text: str) -> str:
    r"""Write out what would act on a terminal or deceive the reader, as Python does: `\x1b`.

    That is everything unprintable: control characters and line ends, marks that
    turn the direction of writing, spaces other than the ordinary one, surrogates.
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )


def columns(text: str) -> int:
    """Return how many columns of the terminal visible text takes up."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def painter(color: bool) -> Callable[[str, str], str]:
    """Return a function that gives a text a style: a severity, `good`, `frame` or `strong`."""

    def paint(text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color and text else text

    return paint
