"""A graph as a page: one file with its picture, its facts, and a script to ask for them.

Nothing is fetched, and nothing may be: a Content-Security-Policy allows only the
script and the style that stand in the file, by their hashes. What comes from the
topology is escaped text in the picture, and JSON otherwise, which the script
writes as text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from qtopo.graph.captions import summary
from qtopo.graph.page.data import as_json
from qtopo.graph.picture.compose import compose
from qtopo.graph.picture.content import SIZES
from qtopo.graph.picture.metrics import visible
from qtopo.graph.picture.palette import AUTO, DARK, EDGES, LIGHT, colours
from qtopo.graph.picture.ports import LABEL as LABEL_SIZE
from qtopo.graph.picture.scene import LABEL
from qtopo.graph.picture.style import sheet
from qtopo.graph.picture.svg import escape, svg
from qtopo.graph.picture.views import FLOW

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from qtopo.graph.picture.scene import Scene

_SCRIPTS = ("nodes", "light", "address", "panel", "search", "filters", "zoom", "keys")
"""The parts of the script in the order they run."""
_ABOVE = 14.0
_SIZES = {**SIZES, LABEL: LABEL_SIZE}


def draw(graph: MultiDiGraph, *, view: str = FLOW, expand: bool = False, theme: str = AUTO) -> str:
    """Return the page of a graph; it ends with a line break.

    `graph.graph` may have `explanations` (by task node: lines of label, text and
    origin) and `commands` (by node: `lines` of a shell and `needs`, names of
    variables to set first).
    """
    scene = compose(graph, view, expand=expand)
    return page(graph, scene, theme)


def page(graph: MultiDiGraph, scene: Scene, theme: str = AUTO) -> str:
    """Return the page of a graph and its scene, as the reader prefers, light or dark."""
    style = _style(theme)
    script = _script()
    top = min((one.box.y - _ABOVE for one in scene.lanes), default=0.0)
    return _TEMPLATE.format(
        policy=f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'",
        scheme="light dark" if theme == AUTO else theme,
        name=escape(scene.title),
        summary=escape(visible(_about(graph))),
        style=style,
        width=f"{scene.width:g}",
        top=f"{top:g}",
        height=f"{scene.height - top:g}",
        description=escape(scene.description),
        picture=_picture(scene),
        data=as_json(graph, scene),
        script=script,
    )


def _about(graph: MultiDiGraph) -> str:
    """Return what is drawn in a line: the transport, and how much there is."""
    broker = graph.graph.get("broker")
    return ", ".join(one for one in (str(broker or ""), summary(graph)) if one)


def _picture(scene: Scene) -> str:
    """Return the inside of the picture, with numbers for the names of boxes.

    A browser's own tooltips would cover what the panel says of a box. What the page's
    style sheet says of many (`_common`) is left out of each.
    """
    boxes = tuple(one._replace(id=str(index), tooltip="") for index, one in enumerate(scene.boxes))
    number = {one.id: str(index) for index, one in enumerate(scene.boxes)}
    edges = tuple(
        one._replace(start=number[one.start], end=number[one.end], tooltip="")
        for one in scene.edges
    )
    # The page has the title in its head.
    text = svg(scene._replace(texts=(), boxes=boxes, edges=edges), LIGHT)
    inside = text.partition("</style>\n")[2].removesuffix("</svg>\n")
    many, after = re.split(r'(?=<g class="workflow"|<g id="legend">)', inside, maxsplit=1)
    # Names are escaped, so that none of these is in one.
    many = many.replace("<title></title>", "")
    for role, size in _SIZES.items():
        many = re.sub(f'(<text class="{role}"[^>]*) font-size="{size:g}"', r"\1", many)
    # A rim of the ground's colour does what a rectangle below a label does.
    many = re.sub(r'<rect class="under"[^>]*/>', "", many)
    many = re.sub(r'data-from="(\d+)" data-to="(\d+)"', r'data-way="\1 \2"', many)
    for kind in EDGES:
        many = many.replace(f' marker-end="url(#h-{kind})"/><', "/><")
    return many + after


def _common() -> str:
    """Return the rules for what each box and edge has."""
    rules = [
        f":is(.node,.edge) .{role}:not(.on){{font-size:{size:g}px}}"
        for role, size in _SIZES.items()
    ]
    rules += [f".edge.e-{kind} path{{marker-end:url(#h-{kind})}}" for kind in EDGES]
    rules.append(
        ".edge .label{paint-order:stroke;stroke:var(--ground);stroke-width:8px;"
        "stroke-linejoin:round}"
    )
    return "\n".join(rules)


def _style(theme: str) -> str:
    """Return the picture's style sheet, then the page's own; both use the same variables."""
    # The picture's variables are set on itself; the page around it needs them too.
    parts = [
        f":root{{{_variables(LIGHT)}}}",
        f"@media (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}",
        sheet(AUTO),
        _common(),
    ]
    if theme != AUTO:
        parts.append(f":root,.qtopo{{{_variables(theme)}}}")
    parts.append(_part("page.css"))
    # Paper is white, whatever the screen is.
    parts.append(f"@media print{{:root,.qtopo{{{_variables(LIGHT)}}}}}")
    return "\n".join(parts)


def _variables(theme: str) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours(theme).items())


def _part(*name: str) -> str:
    return files("qtopo.graph.page").joinpath(*name).read_text(encoding="utf-8").strip() + "\n"


def _script() -> str:
    """Return the parts of the script as one, in which nothing is global."""
    parts = "".join(_part("script", f"{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


_TEMPLATE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{scheme}">
<meta name="generator" content="qtopo">
<title>{name} – topology</title>
<style>{style}</style>
</head>
<body>
<header>
<div class="name">
<h1>{name}</h1>
<p>{summary}</p>
</div>
<div class="tools" id="tools" hidden>
<form role="search" id="search">
<label class="unseen" for="find">Search tasks, queues, workers</label>
<input id="find" type="search" placeholder="Search tasks, queues, workers" autocomplete="off"
 spellcheck="false" role="combobox" aria-expanded="false" aria-controls="hits"
 aria-autocomplete="list" aria-keyshortcuts="/">
<kbd aria-hidden="true">/</kbd>
<div id="hits" role="listbox" aria-label="What was found" hidden></div>
</form>
<div class="filters" id="filters" role="group" aria-label="Show only"></div>
</div>
</header>
<p class="unseen" id="status" role="status" aria-live="polite"></p>
<main aria-label="Picture">
<div class="stage" id="stage">
<svg xmlns="http://www.w3.org/2000/svg" class="qtopo" id="picture" role="group" width="{width}"
 height="{height}" viewBox="0 {top} {width} {height}" aria-label="{name}" aria-describedby="about">
{picture}</svg>
</div>
<div class="lanes" id="lanes" aria-hidden="true" hidden></div>
<p class="unseen" id="about">{description}</p>
<div class="zoom" id="zoom" role="group" aria-label="Zoom" hidden>
<button type="button" data-zoom="out" aria-label="Zoom out" title="Zoom out (-)">−</button>
<button type="button" data-zoom="one" aria-label="Original size" title="Original size (0)"
>100%</button>
<button type="button" data-zoom="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
<button type="button" data-zoom="fit" aria-label="Show all" title="Show all (f)">Fit</button>
</div>
</main>
<aside id="panel" aria-labelledby="what" hidden></aside>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""
