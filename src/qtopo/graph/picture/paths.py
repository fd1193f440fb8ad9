"""The ways of lines from port to port: straight beside boxes, smooth in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float]
_ROUND = 5.0


def smooth(points: Sequence[Point]) -> str:
    """Return SVG path data: level lines, and an S between points of different heights."""
    x, y = points[0]
    parts = [f"M{x:g} {y:g}"]
    for to_x, to_y in points[1:]:
        if abs(to_y - y) < 0.05:
            parts.append(f"H{to_x:g}")
        else:
            half = round((x + to_x) / 2, 1)
            parts.append(f"C{half:g} {y:g} {half:g} {to_y:g} {to_x:g} {to_y:g}")
        x, y = to_x, to_y
    return "".join(parts)


def hook(points: Sequence[Point]) -> str:
    """Return the path data of a line out of a side, along the lane, and back to the same side."""
    (x, y), (turn, _), (_, to_y), (end, _) = points
    way = 1.0 if turn > x else -1.0
    down = 1.0 if to_y > y else -1.0
    bend = min(_ROUND, abs(to_y - y) / 2, abs(turn - x))
    return (
        f"M{x:g} {y:g}H{turn - way * bend:g}Q{turn:g} {y:g} {turn:g} {y + down * bend:g}"
        f"V{to_y - down * bend:g}Q{turn:g} {to_y:g} {turn - way * bend:g} {to_y:g}H{end:g}"
    )


def tracks(spans: Sequence[tuple[float, float]]) -> list[int]:
    """Return a track for each span of heights, short ones first, so that none meet in a track."""
    found = [0] * len(spans)
    taken: list[list[tuple[float, float]]] = []
    order = sorted(range(len(spans)), key=lambda one: (abs(spans[one][1] - spans[one][0]), one))
    for one in order:
        low, high = sorted(spans[one])
        for track, others in enumerate(taken):
            if all(high < a - 4 or b + 4 < low for a, b in others):
                others.append((low, high))
                found[one] = track
                break
        else:
            found[one] = len(taken)
            taken.append([(low, high)])
    return found
