"""A scene as PNG, by resvg: no program of the system, no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.errors import QtopoError
from qtopo.graph.picture.compose import compose
from qtopo.graph.picture.palette import AUTO, LIGHT
from qtopo.graph.picture.svg import svg
from qtopo.graph.picture.views import FLOW

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from qtopo.graph.picture.scene import Scene

SCALE = 2.0
"""Pixels to a px of the scene: sharp on fine screens and on paper."""
MOST = 16_000
"""The most pixels to a side; a larger picture is drawn smaller."""


def draw(
    graph: MultiDiGraph, *, view: str = FLOW, expand: bool = False, theme: str = AUTO
) -> bytes:
    """Return the picture of a graph as the bytes of a PNG file; `auto` is light."""
    return png(compose(graph, view, expand=expand), LIGHT if theme == AUTO else theme)


def png(scene: Scene, theme: str = LIGHT, *, scale: float = SCALE) -> bytes:
    """Return a scene as the bytes of a PNG file, in the light or the dark theme.

    Raises QtopoError where resvg is not installed.
    """
    try:
        import resvg_py
    except ModuleNotFoundError:
        raise QtopoError(
            "cannot draw PNG: the package resvg-py is not installed",
            "install the extra: pip install 'qtopo[png]'; or write .svg, which needs nothing",
        ) from None
    scale = min(scale, MOST / max(scene.width, scene.height))
    return bytes(resvg_py.svg_to_bytes(svg_string=svg(scene, theme), zoom=scale))
