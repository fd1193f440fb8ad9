"""Rows of text in aligned columns, for a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: a header line, then the rows, each column as wide as its widest cell."""
    padded = []
    # Of many rows most cells say the same: each text is looked at once a column.
    for column in zip(header, *rows, strict=True):
        shown = {cell: visible(cell) for cell in set(column)}
        widths = {cell: width(text) for cell, text in shown.items()}
        most = max(widths.values())
        padded.append({cell: text + " " * (most - widths[cell]) for cell, text in shown.items()})
    return "\n".join(
        "  ".join([cells[cell] for cells, cell in zip(padded, row, strict=True)]).rstrip()
        for row in (header, *rows)
    )


def width(text: str) -> int:
    """Return how many cells a terminal gives a text."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def visible(text: str) -> str:
    """Return the text with control characters made visible, so that no name drives the terminal."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
