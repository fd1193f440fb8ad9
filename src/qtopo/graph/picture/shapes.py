"""The outlines of boxes and the signs in them: each kind of node has its own of both.

The sides where lines arrive are straight, so that an arrow meets its box wherever
its port is.
"""

from __future__ import annotations

from functools import lru_cache

ICONS = {
    # Drawn in 16 by 16, with lines.
    "beat": "M8 2.5a5.5 5.5 0 1 0 .01 0M8 5v3.2l2.2 1.6",
    "workflow": "M2 4.5h4v3H2zM10 2h4v3h-4zM10 11h4v3h-4zM6 6h2M8 3.5V12.5M8 3.5h2M8 12.5h2",
    "task": "M4 2.5h5.5L12.5 5.5V13.5H4zM6 7.5h4.5M6 10.5h4.5",
    "route": "M2.5 8H7M7 8c2 0 2-4 4-4h2.5M7 8c2 0 2 4 4 4h2.5M11.5 2l2 2-2 2M11.5 10l2 2-2 2",
    "exchange": "M8 2l6 6-6 6-6-6zM5.5 8h5M8 5.5v5",
    "queue": "M2 4.5h12v7H2zM5.5 4.5v7M9 4.5v7",
    "worker": "M8 5.6a2.4 2.4 0 1 0 .01 0M8 2v1.8M8 12.2V14M2 8h1.8M12.2 8H14M3.8 3.8 5 5M11 11"
    "l1.2 1.2M3.8 12.2 5 11M11 5l1.2-1.2",
    "machine": "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01M8 5h3M8 11h3",
    "resource": "M4.5 7.5h7v6h-7zM6 7.5V5.5a2 2 0 0 1 4 0v2M8 10v1.5",
}
"""The path of each kind's sign."""


# Most boxes of a lane have the same size.
@lru_cache(maxsize=1 << 10)
def outline(kind: str, w: float, h: float) -> str:
    """Return the path data of a box's outline, its upper left corner at (0, 0)."""
    return _OUTLINES[kind](w, h)


@lru_cache(maxsize=1 << 10)
def detail(kind: str, w: float, h: float) -> str:
    """Return the path data of lines within the outline, or nothing."""
    if kind == "task":
        return f"M{w - 9:g} 0V9H{w:g}"
    if kind == "workflow":
        return f"M4 0V{h:g}M{w - 4:g} 0V{h:g}"
    if kind == "queue":
        return f"M{w - 5:g} 0V{h:g}M{w - 9:g} 0V{h:g}"
    if kind == "worker":
        return f"M2.5 6V{h - 6:g}"
    if kind == "machine":
        return f"M0 {h - 4:g}H{w:g}"
    if kind == "resource":
        return f"M{w - 5:g} 5H0" if h > 12 else ""
    return ""


def _rounded(w: float, h: float, r: float) -> str:
    r = min(r, h / 2)
    return (
        f"M{r:g} 0H{w - r:g}a{r:g} {r:g} 0 0 1 {r:g} {r:g}V{h - r:g}a{r:g} {r:g} 0 0 1 -{r:g} {r:g}"
        f"H{r:g}a{r:g} {r:g} 0 0 1 -{r:g} -{r:g}V{r:g}a{r:g} {r:g} 0 0 1 {r:g} -{r:g}z"
    )


def _cut(w: float, h: float, left: float, right: float) -> str:
    left, right = min(left, h / 3), min(right, h / 3)
    return (
        f"M{left:g} 0H{w - right:g}L{w:g} {right:g}V{h - right:g}L{w - right:g} {h:g}H{left:g}"
        f"L0 {h - left:g}V{left:g}z"
    )


_OUTLINES = {
    "beat": lambda w, h: _rounded(w, h, 12.0),
    "workflow": lambda w, h: _rounded(w, h, 2.0),
    "task": lambda w, h: f"M0 0H{w - 9:g}L{w:g} 9V{h:g}H0z",
    "route": lambda w, h: _cut(w, h, 0.0, 9.0),
    "exchange": lambda w, h: _cut(w, h, 8.0, 8.0),
    "queue": lambda w, h: _rounded(w, h, 3.0),
    "worker": lambda w, h: _rounded(w, h, 7.0),
    "machine": lambda w, h: _rounded(w, h, 1.0),
    "resource": lambda w, h: f"M0 0H{w * 0.35:g}l5 5H{w:g}V{h:g}H0z",
}
