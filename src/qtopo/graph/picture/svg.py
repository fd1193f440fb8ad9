"""A scene as SVG: one file without scripts, links or fonts of its own.

Everything that comes from the topology is text or an attribute, escaped; what XML
cannot hold has been made visible before (`metrics.visible`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.graph.picture.compose import compose
from qtopo.graph.picture.legend import SIGNS
from qtopo.graph.picture.metrics import right_to_left
from qtopo.graph.picture.palette import AUTO, EDGES
from qtopo.graph.picture.shapes import ICONS, detail, outline
from qtopo.graph.picture.style import sheet
from qtopo.graph.picture.views import FLOW

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from qtopo.graph.picture.scene import Box, Canvas, Edge, Key, Lane, Rect, Scene, Text

_ESCAPES = (
    # The first is in what the others become.
    ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"),
    ("\n", "&#10;"), ("\t", "&#9;"), ("\r", "&#13;"),
)  # fmt: skip
_SPECIAL = re.compile("[&<>\"'\n\t\r]").search
_ROOT = 'xmlns="http://www.w3.org/2000/svg" class="qtopo" role="img" aria-labelledby="title desc"'
_CARDS = 3.0
_CHANGES = ("added", "removed", "changed")


def draw(graph: MultiDiGraph, *, view: str = FLOW, expand: bool = False, theme: str = AUTO) -> str:
    """Return the picture of a graph; it ends with a line break."""
    return svg(compose(graph, view, expand=expand), theme)


def svg(scene: Scene, theme: str = AUTO) -> str:
    """Return a scene as a whole SVG file; `theme` is auto, light or dark."""
    w, h = f"{scene.width:g}", f"{scene.height:g}"
    lines = [
        f'<svg {_ROOT} width="{w}" height="{h}" viewBox="0 0 {w} {h}">',
        f'<title id="title">{escape(scene.title)}</title>',
        f'<desc id="desc">{escape(scene.description)}</desc>',
        f"<style>{sheet(theme)}</style>",
        *definitions(scene),
        f'<rect class="ground" width="{w}" height="{h}"/>',
        *(_text(one) for one in scene.texts),
        *(_lane(one) for one in scene.lanes),
        '<g id="edges">',
        *(_edge(one) for one in scene.edges if not one.tagged),
        "</g>",
        '<g id="nodes">',
        *(_box(one) for one in scene.boxes),
        "</g>",
        *(_canvas(one) for one in scene.canvases),
        '<g id="legend">',
        *(_key(one) for one in scene.legend),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Return a text for an element or a quoted attribute."""
    # Most texts have nothing to escape.
    if _SPECIAL(text):
        for one, written in _ESCAPES:
            text = text.replace(one, written)
    return text


def definitions(scene: Scene) -> list[str]:
    """Return the signs and arrow heads that a scene uses."""
    kinds = dict.fromkeys(one.kind for one in scene.boxes)
    lines = ["<defs>"]
    lines += [f'<path id="i-{kind}" d="{ICONS[kind]}"/>' for kind in kinds]
    heads = dict.fromkeys(one.kind for one in scene.edges if not one.tagged)
    if scene.canvases:
        heads["step"] = None
    lines += [
        f'<marker id="h-{kind}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"'
        f' markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path class="head e-{kind}" d="M0 .8 8 4 0 7.2z"/></marker>'
        for kind in heads
        if kind in EDGES
    ]
    lines.append("</defs>")
    return lines


def _text(one: Text, more: str = "") -> str:
    role, x, y, size, shown, full, _ = one
    inside = escape(shown)
    if shown != full:
        inside = f"<title>{escape(full)}</title>{inside}"
    # A name that reads from right to left stays where it is, and the text around it too.
    way = "" if full.isascii() or not right_to_left(full) else ' direction="ltr"'
    return (
        f'<text class="{role}{more}" x="{x:g}" y="{y:g}" font-size="{size:g}"{way}>{inside}</text>'
    )


def _rect(box: Rect, style: str, more: str = "") -> str:
    return (
        f'<rect class="{style}" x="{box.x:g}" y="{box.y:g}" width="{box.w:g}"'
        f' height="{box.h:g}"{more}/>'
    )


def _lane(one: Lane) -> str:
    return _rect(one.box, "lane", ' rx="8"') + _text(one.heading)


def _box(one: Box) -> str:
    x, y, w, h = one.box
    style = f"node n-{one.kind}"
    for name, there in (("missing", one.missing), ("off", one.off), ("implicit", one.implicit)):
        if there:
            style += f" {name}"
    if one.change:
        style += f" c-{one.change}"
    shape = outline(one.kind, w, h)
    parts = [
        f'<g class="{style}" data-node="{escape(one.id)}"><title>{escape(one.tooltip)}</title>',
        f'<g transform="translate({x:g} {y:g})">',
    ]
    if one.count > 1:
        parts += [
            f'<path class="shape" transform="translate({by:g} {by:g})" d="{shape}"/>'
            for by in (2 * _CARDS, _CARDS)
        ]
    parts.append(f'<path class="shape" d="{shape}"/>')
    fine = detail(one.kind, w, h)
    if fine:
        parts.append(f'<path class="fine" d="{fine}"/>')
    parts.append(f'<use class="icon" href="#i-{one.kind}" x="11" y="{round(h / 2 - 8, 1):g}"/></g>')
    parts += [_text(text) for text in one.texts]
    parts.append(_badge(one))
    parts.append("</g>")
    return "".join(parts)


def _badge(one: Box) -> str:
    found = ""
    if one.badge:
        found = _rect(one.badge.box, f"badge b-{one.badge.severity}", ' rx="4"')
        found += _text(one.badge.text, " on")
    elif one.change in _CHANGES:
        x, y = one.box.x + one.box.w - 28, one.box.y + 4
        found = (
            f'<rect class="badge b-{one.change}" x="{x:g}" y="{y:g}" width="16" height="14"'
            f' rx="4"/><text class="on" x="{x + 4:g}" y="{y + 11:g}" font-size="12">'
            f"{SIGNS[one.change]}</text>"
        )
    return found


def _edge(one: Edge) -> str:
    style = f"edge e-{one.kind}" + ("" if one.active else " idle")
    if one.change:
        style += f" c-{one.change}"
    parts = [
        f'<g class="{style}" data-from="{escape(one.start)}" data-to="{escape(one.end)}">',
        f"<title>{escape(one.tooltip)}</title>",
        f'<path d="{one.path}" marker-end="url(#h-{one.kind})"/>',
    ]
    if one.label:
        box = one.label.box
        parts.append(
            f'<rect class="under" x="{box.x - 2:g}" y="{round(box.y + 0.8, 1):g}"'
            f' width="{round(box.w + 4, 1):g}" height="{round(box.h - 0.6, 1):g}" rx="3"/>'
        )
        # In the middle of its room: it may be narrower than reckoned.
        parts.append(_text(one.label._replace(x=round(box.x + box.w / 2, 1))))
    parts.append("</g>")
    return "".join(parts)


def _canvas(one: Canvas) -> str:
    parts = [
        f'<g class="workflow" data-canvas="{escape(one.id)}">',
        _rect(one.box, "canvas", ' rx="8"'),
        *(_text(text) for text in one.texts),
    ]
    for word, box in one.frames:
        parts.append(_rect(box, "frame", ' rx="6"'))
        parts.append(
            f'<text class="note" x="{box.x + 8:g}" y="{round(box.y + 14, 1):g}"'
            f' font-size="10.5">{escape(word)}</text>'
        )
    parts += [f'<path class="then" d="{line}" marker-end="url(#h-step)"/>' for line in one.lines]
    for chip in one.chips:
        parts.append(
            f'<g class="step" data-task="{escape(chip.task)}"><title>{escape(chip.tooltip)}</title>'
        )
        parts.append(_rect(chip.box, "chip", ' rx="4"'))
        parts += [_text(text) for text in chip.texts]
        parts.append("</g>")
    parts.append("</g>")
    return "".join(parts)


def _key(one: Key) -> str:
    x, y, w, h = one.box
    at = f'transform="translate({x:g} {y:g})"'
    if one.what == "edge":
        middle = y + h / 2
        mark = (
            f'<path class="line e-{one.name}" d="M{x:g} {middle:g}H{x + w:g}"'
            f' marker-end="url(#h-{one.name})"/>'
        )
    elif one.what == "node" and one.name == "stack":
        shape = outline("queue", w - 6, h - 4)
        mark = (
            f'<g class="n-task" {at}>'
            + "".join(
                f'<path class="shape" transform="translate({n * 2} {n * 2})" d="{shape}"/>'
                for n in (2, 1, 0)
            )
            + "</g>"
        )
    elif one.what == "node":
        kind = "queue" if one.name == "missing" else one.name
        style = "missing" if one.name == "missing" else f"n-{kind}"
        mark = f'<g class="{style}" {at}><path class="shape" d="{outline(kind, w, h)}"/></g>'
    else:
        mark = (
            f'<rect class="badge b-{one.name}" x="{x:g}" y="{y:g}" width="24" height="14"'
            f' rx="4"/><text class="on mid" x="{x + 12:g}" y="{y + 11:g}" font-size="10">'
            f"{SIGNS[one.name]}</text>"
        )
    return mark + _text(one.text)
