"""Colours: every text can be read on what it stands on, in both themes."""

from __future__ import annotations

import re

import pytest

from qtopo.graph.layers import LAYERS
from qtopo.graph.picture.palette import AUTO, DARK, EDGES, LIGHT, NODES, PAIRS, colours, contrast
from qtopo.graph.picture.shapes import ICONS, outline
from qtopo.graph.picture.style import sheet


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_has_contrast(theme: str) -> None:
    known = colours(theme)
    low = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_lines_have_contrast(theme: str) -> None:
    known = colours(theme)
    for name in {*NODES, *EDGES.values()}:
        for ground in ("ground", "lane"):
            assert contrast(known[name], known[ground]) >= 3.0, (name, ground)


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_kind_has_colour_shape_and_sign_of_its_own() -> None:
    kinds = [layer.kind for layer in LAYERS]
    assert set(kinds) == set(NODES) == set(ICONS)
    assert len(set(ICONS.values())) == len(kinds)
    assert len({outline(kind, 100, 40) for kind in kinds}) == len(kinds)
    assert len({NODES[kind] for kind in kinds}) == len(kinds)


def test_a_theme_that_is_given_needs_no_variables() -> None:
    for theme in (LIGHT, DARK):
        assert "var(" not in sheet(theme)
        assert "@media" not in sheet(theme)
    assert "@media (prefers-color-scheme:dark)" in sheet(AUTO)
    # Programs without variables take the plain colour that stands before each.
    used = re.findall(r"([a-z-]+):(#[0-9a-f]{6});\1:var\(--([a-z-]+)\)", sheet(AUTO))
    assert len(used) == sheet(AUTO).count("var(")
    assert {name: colour for _, colour, name in used}.items() <= colours(LIGHT).items()
