"""The colours of the picture, by meaning, light and dark, and what is written on what.

`PAIRS` names every text's colour with every ground it may stand on: the tests
hold each to a contrast of 4.5 to 1.
"""

from __future__ import annotations

LIGHT, DARK, AUTO = "light", "dark", "auto"
THEMES = (AUTO, LIGHT, DARK)

NODES = {
    # kind: light fill, light line, dark fill, dark line
    "beat": ("#fff4d1", "#8a6400", "#352b0d", "#d9ac3a"),
    "workflow": ("#fde4f1", "#a0226a", "#3a1529", "#ee86ba"),
    "task": ("#eef1f5", "#56606c", "#262c34", "#a3adb9"),
    "route": ("#ebe4fc", "#6337b8", "#2a2047", "#b497f5"),
    "exchange": ("#deebfd", "#0b52b8", "#10264a", "#74aaf8"),
    "queue": ("#ddf4e4", "#166a32", "#0f2f1c", "#5cc482"),
    "worker": ("#ffe8d8", "#a1430a", "#3b200d", "#f2965a"),
    "machine": ("#e9e9e9", "#4b4b4b", "#2b2b2b", "#b5b5b5"),
    "resource": ("#f6ecd9", "#77581b", "#33290f", "#cfae6c"),
}
"""The fill and the line of each kind of node."""

EDGES = {
    "sends": "beat",
    "step": "workflow",
    "decides": "route",
    "publishes": "task",
    "binds": "exchange",
    "exchange-binding": "exchange",
    "alternate": "alternate",
    "consumes": "queue",
    "runs": "worker",
    "runs-on": "machine",
    "uses": "resource",
    "dead-letter": "red",
    "waits-for": "waits",
}
"""Each kind of edge with the colour whose line it has."""

COLOURS = {
    # name: light, dark
    "ground": ("#ffffff", "#0f1318"),
    "lane": ("#f7f8fa", "#161b22"),
    "rim": ("#e1e5ea", "#2a313a"),
    "ink": ("#1b2026", "#eef2f6"),
    "soft": ("#4d5763", "#b3bdc8"),
    "red": ("#b8001f", "#ff8a94"),
    "missing": ("#ffffff", "#1c1216"),
    "alternate": ("#0b6a78", "#55c3d3"),
    "waits": ("#6d4c00", "#e0b860"),
    "error": ("#b8001f", "#ff8a94"),
    "warning": ("#855600", "#f0b94d"),
    "info": ("#0b52b8", "#74aaf8"),
    "added": ("#166a32", "#5cc482"),
    "removed": ("#b8001f", "#ff8a94"),
    "changed": ("#855600", "#f0b94d"),
    "on": ("#ffffff", "#0f1318"),
}
"""Every other colour; `on` is what is written on badges."""

BADGES = ("error", "warning", "info", "added", "removed", "changed")


def colours(theme: str) -> dict[str, str]:
    """Return all colours of the light or the dark theme by name."""
    dark = theme == DARK
    found = {name: pair[dark] for name, pair in COLOURS.items()}
    for kind, four in NODES.items():
        found[f"{kind}-fill"], found[kind] = four[2:] if dark else four[:2]
    return found


PAIRS = (
    *(("ink", ground) for ground in ("ground", "lane", "missing")),
    *(("soft", ground) for ground in ("ground", "lane", "missing")),
    *(("red", ground) for ground in ("ground", "lane", "missing")),
    *((text, f"{kind}-fill") for kind in NODES for text in ("ink", "soft", "red")),
    *((EDGES[kind], "ground") for kind in EDGES),
    *(("on", badge) for badge in BADGES),
)
"""Text and its ground, by name."""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours `#rrggbb`, 1 to 21, as WCAG 2 defines it."""
    first, second = sorted((_luminance(one), _luminance(other)))
    return (second + 0.05) / (first + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
