"""A table that fits the terminal: columns are cut where there is no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.table import visible, width

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
_LEAST = 6
_BOLD, _FAINT, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Table:
    """A header and rows of cells; rows may be faint."""

    def __init__(self, header: Sequence[str]) -> None:
        self._rows = [(tuple(header), False)]

    def add(self, cells: Sequence[str], *, faint: bool = False) -> None:
        """Add a row."""
        self._rows.append((tuple(visible(cell) for cell in cells), faint))

    def render(self, *, width: int | None, color: bool, unicode: bool) -> str:
        """Return the table, at most `width` columns wide where there is such a limit."""
        widths = self._fit(width)
        lines = []
        for index, (cells, faint) in enumerate(self._rows):
            line = (
                (" " * _GAP)
                .join(
                    cut(cell, limit, unicode=unicode)
                    for cell, limit in zip(cells, widths, strict=True)
                )
                .rstrip()
            )
            style = _BOLD if index == 0 else _FAINT if faint else ""
            lines.append(f"{style}{line}{_RESET}" if color and style else line)
        return "\n".join(lines)

    def _fit(self, limit: int | None) -> list[int]:
        """Take from the widest column until the rows fit, or nothing is left to take."""
        widths = [
            max(map(width, column)) for column in zip(*(row for row, _ in self._rows), strict=True)
        ]
        if limit is None:
            return widths
        room = max(limit - _GAP * (len(widths) - 1), len(widths))
        while sum(widths) > room:
            widest = max(widths)
            if widest <= 1:
                break
            second = max((one for one in widths if one < widest), default=0)
            most = sum(widths) - room
            tied = [index for index, one in enumerate(widths) if one == widest]
            step = min(widest - max(second, 1), -(-most // len(tied))) or 1
            for index in tied:
                widths[index] -= min(step, max(0, sum(widths) - room))
        return widths


def cut(text: str, limit: int, *, unicode: bool) -> str:
    """Return a text in exactly `limit` cells: padded, or cut with an ellipsis."""
    size = width(text)
    if size > limit:
        ellipsis = ("…" if unicode else "...")[:limit]
        while text and width(text) + len(ellipsis) > limit:
            text = text[:-1]
        text += ellipsis
        size = width(text)
    return text + " " * (limit - size)
