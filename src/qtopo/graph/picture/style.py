"""The style sheet of the picture for each theme.

Themes that are given write plain colours, as programs that make images of SVG know
no variables; `auto` writes variables with the light colours before them, and the
dark ones where the reader prefers dark.
"""

from __future__ import annotations

from functools import cache

from qtopo.graph.picture.metrics import FONTS
from qtopo.graph.picture.palette import AUTO, BADGES, DARK, EDGES, LIGHT, NODES, colours

_FAMILY = ",".join(f"'{one}'" if " " in one else one for one in FONTS)
_DASHED = {
    "dead-letter": "6 4",
    "alternate": "2 4",
    "waits-for": "8 3 2 3",
    "runs-on": "1 3",
}


@cache
def sheet(theme: str) -> str:
    """Return the style sheet of a theme: auto, light or dark."""
    known = colours(DARK if theme == DARK else LIGHT)
    rules = [
        f"{where}{{{''.join(_declared(prop, value, known, theme) for prop, value in pairs)}}}"
        for where, pairs in _rules()
    ]
    if theme == AUTO:
        rules.insert(0, f".qtopo{{{_variables(LIGHT)}}}")
        rules.insert(1, f"@media (prefers-color-scheme:dark){{.qtopo{{{_variables(DARK)}}}}}")
    return "\n".join(rules)


def _variables(theme: str) -> str:
    return f"color-scheme:{theme};" + "".join(
        f"--{name}:{value};" for name, value in colours(theme).items()
    )


def _declared(prop: str, value: str, known: dict[str, str], theme: str) -> str:
    if not value.startswith("@"):
        return f"{prop}:{value};"
    name = value[1:]
    plain = f"{prop}:{known[name]};"
    return f"{plain}{prop}:var(--{name});" if theme == AUTO else plain


def _rules() -> list[tuple[str, list[tuple[str, str]]]]:
    rules: list[tuple[str, list[tuple[str, str]]]] = [
        (".qtopo text", [("font-family", _FAMILY), ("fill", "@ink"), ("unicode-bidi", "isolate")]),
        (".ground", [("fill", "@ground")]),
        (".lane", [("fill", "@lane"), ("stroke", "@rim")]),
        (".title", [("font-weight", "bold")]),
        (".heading", [("font-weight", "bold"), ("fill", "@soft")]),
        (".qtopo .sub,.qtopo .note,.qtopo .heading", [("fill", "@soft")]),
        (".qtopo .tag", [("fill", "@red")]),
        (".shape", [("stroke-width", "1.3")]),
        (
            ".fine,.icon",
            [
                ("fill", "none"),
                ("stroke-width", "1.2"),
                ("stroke-linecap", "round"),
                ("stroke-linejoin", "round"),
            ],
        ),
        (".edge path,.line", [("fill", "none"), ("stroke-width", "1.4")]),
        (".under", [("fill", "@ground")]),
        (".canvas", [("fill", "@lane"), ("stroke", "@rim")]),
        (".frame", [("fill", "none"), ("stroke", "@workflow"), ("stroke-dasharray", "3 3")]),
        (".chip", [("fill", "@task-fill"), ("stroke", "@task")]),
        (".then", [("fill", "none"), ("stroke", "@workflow"), ("stroke-width", "1.6")]),
        (".qtopo .label,.qtopo .mid", [("text-anchor", "middle")]),
        (".off .shape,.off .fine", [("stroke-dasharray", "5 3")]),
    ]
    for kind in NODES:
        rules.append((f".n-{kind} .shape", [("fill", f"@{kind}-fill"), ("stroke", f"@{kind}")]))
        rules.append((f".n-{kind} .fine,.n-{kind} .icon", [("stroke", f"@{kind}")]))
    rules.append(
        (".missing .shape", [("fill", "@missing"), ("stroke", "@red"), ("stroke-dasharray", "4 3")])
    )
    rules.append((".missing .fine,.missing .icon", [("stroke", "@red")]))
    for kind, colour in EDGES.items():
        dash = [("stroke-dasharray", _DASHED[kind])] if kind in _DASHED else []
        rules.append((f".e-{kind} path,.line.e-{kind}", [("stroke", f"@{colour}"), *dash]))
        rules.append((f".qtopo .e-{kind} text,.head.e-{kind}", [("fill", f"@{colour}")]))
    rules.append((".idle path", [("stroke-dasharray", "2 5")]))
    rules += [(f".b-{name}", [("fill", f"@{name}")]) for name in BADGES]
    for name in ("added", "removed", "changed"):
        rules.append((f".c-{name} .shape", [("stroke", f"@{name}"), ("stroke-width", "3")]))
        rules.append((f".edge.c-{name} path", [("stroke", f"@{name}"), ("stroke-width", "2.6")]))
    # What changed stands out from what did not, and not by its colour alone.
    rules.append((".c-same .shape", [("fill", "@ground")]))
    rules.append((".edge.c-same path", [("stroke-width", "1")]))
    rules.append((".c-removed .shape,.edge.c-removed path", [("stroke-dasharray", "4 3")]))
    rules.append((".c-changed .shape,.edge.c-changed path", [("stroke-dasharray", "14 3")]))
    rules.append((".edge.c-added path", [("stroke-dasharray", "none")]))
    rules.append((".qtopo .on", [("fill", "@on"), ("font-weight", "bold")]))
    return rules
