"""The search of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages import Open, address, lit, settled

if TYPE_CHECKING:
    from pathlib import Path


def test_search_finds_by_part_of_a_name_and_enter_opens(small: Path, open_page: Open) -> None:
    page = open_page(small)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("emails")
    options = page.locator("#hits [data-hit]").all_inner_texts()
    assert options[0] == "queue emails"
    assert set(options) == {"queue emails", "task shop.emails.send", "route shop.emails.*"}
    assert page.locator("#status").inner_text() == "3 results"
    assert page.locator("#find").get_attribute("aria-expanded") == "true"
    settled(page)
    assert lit(page) == {"queue emails", "task shop.emails.send", "route shop.emails.*"}
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#find").get_attribute("aria-activedescendant")
    assert page.locator(f"#{chosen}").inner_text() == "task shop.emails.send"
    page.keyboard.press("Enter")
    assert address(page) == "#task:shop.emails.send"
    assert page.locator("#panel h2").inner_text() == "shop.emails.send"
    assert page.locator("#hits").is_hidden()


def test_search_without_a_result_says_so(small: Path, open_page: Open) -> None:
    page = open_page(small)
    page.fill("#find", "no such thing")
    assert page.locator("#status").inner_text() == "Nothing found"
    page.keyboard.press("Enter")
    assert address(page) == ""
    page.keyboard.press("Escape")
    assert page.locator("#find").input_value() == ""
    settled(page)
    assert page.locator(".dim").count() == 0


def test_search_finds_what_is_inside_a_stack(tenants: Path, open_page: Open) -> None:
    page = open_page(tenants)
    page.fill("#find", "crm.t123")
    assert (
        page.locator("#hits [data-hit]").first.inner_text() == "task crm.t123.sync in crm.t*.sync"
    )
    page.keyboard.press("Enter")
    assert address(page) == "#task:crm.t123.sync"
    assert page.locator("#panel h2").inner_text() == "crm.t123.sync"
    page.locator("#panel a", has_text="crm.t*.sync").click()
    assert address(page).startswith("#stack:task:crm.t")
    assert page.locator("#panel .kind").inner_text() == "stack of 50 tasks"
    page.locator("#panel a").nth(3).click()
    assert page.locator("#panel .kind").inner_text() == "task"
