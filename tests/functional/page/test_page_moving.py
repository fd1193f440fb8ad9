"""Getting about in a page, with the keyboard and with a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pages import Open, address, box, lit, settled, until

if TYPE_CHECKING:
    from pathlib import Path


def test_the_keyboard_goes_everywhere(small: Path, open_page: Open) -> None:
    page = open_page(small)

    def focused() -> str:
        return page.evaluate("document.activeElement.getAttribute('aria-label')") or ""

    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if page.evaluate("document.activeElement.matches('[data-node]')"):
            break
    assert seen[0] == "find"
    assert focused().startswith("task ")
    first = focused()
    page.keyboard.press("ArrowDown")
    assert focused().startswith("task ")
    assert focused() != first
    box(page, "task shop.emails.send").focus()
    settled(page)
    assert "queue emails" in lit(page)
    steps = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        steps.append(focused().partition(",")[0])
    assert steps[:2] == ["route shop.emails.*", "exchange events"]
    assert steps[2].startswith("queue ")
    assert steps[3].startswith("worker ")
    page.keyboard.press("ArrowLeft")
    assert focused().startswith("queue ")
    ring = page.evaluate(
        "getComputedStyle(document.activeElement.querySelector('.shape')).strokeWidth"
    )
    assert ring == "3.2px"
    page.keyboard.press("Enter")
    page.locator("#what:focus").wait_for()
    assert page.locator("#panel").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    assert focused().startswith("queue ")


def test_only_one_box_is_in_the_order_of_tab(tenants: Path, open_page: Open) -> None:
    page = open_page(tenants)
    assert page.locator('[data-node][tabindex="0"]').count() == 1
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    box(page, "worker shard-3").focus()
    assert page.locator('[data-node][tabindex="0"]').get_attribute("aria-label") == "worker shard-3"


def test_zoom_by_buttons_keys_and_wheel(small: Path, open_page: Open) -> None:
    page = open_page(small)

    def width() -> float:
        return page.evaluate("document.querySelector('#picture').getBoundingClientRect().width")

    before = width()
    page.get_by_label("Zoom in").click()
    assert width() == pytest.approx(before * 1.25, rel=0.01)
    page.get_by_label("Original size").click()
    page.keyboard.press("-")
    small_one = width()
    page.keyboard.press("0")
    assert width() == pytest.approx(small_one * 1.25, rel=0.01)
    page.mouse.move(300, 300)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    until(lambda: width() > small_one * 1.26)
    page.get_by_label("Show all").click()
    frame = page.evaluate(
        "(() => { const s = document.querySelector('#stage'); "
        "return [s.scrollWidth - s.clientWidth, s.scrollHeight - s.clientHeight] })()"
    )
    assert max(frame) <= 1


def test_dragging_moves_the_picture_and_opens_nothing(small: Path, open_page: Open) -> None:
    page = open_page(small)
    for _ in range(4):
        page.get_by_label("Zoom in").click()
    page.mouse.move(700, 400)
    page.mouse.down()
    page.mouse.move(500, 350, steps=4)
    page.mouse.up()
    assert page.evaluate("document.querySelector('#stage').scrollLeft") > 0
    assert address(page) == ""
