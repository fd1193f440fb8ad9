"""How a page looks to everybody: contrast, phones, motion, paper, themes."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from pages import ROOT, Open, box, drawn, settled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("state", ["plain", "panel", "search", "filter"])
def test_axe_finds_nothing(
    small: Path, open_page: Open, scheme: str, width: int, state: str
) -> None:
    page = open_page(small, color_scheme=scheme, viewport={"width": width, "height": 800})
    if state == "panel":
        page.evaluate("location.hash = '#worker:mail'")
        page.wait_for_selector("#panel pre")
    elif state == "search":
        page.fill("#find", "emails")
    elif state == "filter":
        page.get_by_label("Owner", exact=True).select_option("growth")
    settled(page)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_a_phone_has_no_sideways_scrolling(small: Path, open_page: Open) -> None:
    page = open_page(small, "#queue:emails", viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollHeight") <= 844
    panel = page.locator("#panel").bounding_box()
    assert panel["width"] == 390
    assert panel["y"] > 300
    assert page.locator('[aria-current="true"]').is_visible()
    page.get_by_label("Close").tap()
    box(page, "task shop.ping").tap()
    assert page.locator("#panel h2").inner_text() == "shop.ping"


def test_motion_colours_and_paper(small: Path, open_page: Open) -> None:
    def computed(page: Any, what: str, prop: str) -> str:
        return page.evaluate(
            "([what, prop]) => getComputedStyle(document.querySelector(what))[prop]", [what, prop]
        )

    assert computed(open_page(small), ".node", "transitionDuration") == "0s"
    moving = open_page(small, reduced_motion="no-preference")
    assert computed(moving, ".node", "transitionDuration") != "0s"
    dark = open_page(small, color_scheme="dark")
    light = computed(open_page(small), "body", "backgroundColor")
    assert light == "rgb(255, 255, 255)"
    assert computed(dark, "body", "backgroundColor") != light
    dark.emulate_media(media="print", color_scheme="dark")
    assert computed(dark, "body", "backgroundColor") == light
    assert dark.locator("#tools").is_hidden()
    assert dark.locator("#zoom").is_hidden()
    assert dark.locator("#picture").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_that_is_asked_for_stays(tmp_path: Path, open_page: Open, theme: str) -> None:
    to = drawn(ROOT / "topologies" / "simple.toml", tmp_path, "--theme", theme)
    other = "dark" if theme == "light" else "light"
    page = open_page(to, color_scheme=other)
    grounds = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor,"
        " getComputedStyle(document.querySelector('.ground')).fill]"
    )
    assert grounds == ["rgb(255, 255, 255)" if theme == "light" else "rgb(15, 19, 24)"] * 2
