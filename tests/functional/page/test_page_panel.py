"""The panel of a page: facts, commands to copy, and addresses that open it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages import Open, address, box, heading, until

if TYPE_CHECKING:
    from pathlib import Path


def test_click_opens_the_facts(small: Path, open_page: Open) -> None:
    page = open_page(small)
    box(page, "queue emails").click()
    assert address(page) == "#queue:emails"
    text = page.locator("#panel").inner_text()
    for part in ("mail to customers", "growth", "max priority", "x-overflow reject-publish"):
        assert part in text
    assert "All tasks that get here\nshop.emails.send" in text
    box(page, "task shop.emails.send").click()
    text = page.locator("#panel").inner_text()
    assert "sends one mail" in text
    assert "decided by\nroutes[0] (shop.emails.*) routes[0].task" in text
    assert "published to\nevents, key 'email.normal', priority 2 from the route" in text
    assert "delivered to\nemails" in text
    assert "All queues it gets to\nemails" in text
    assert "All workers it gets to\nmail" in text
    box(page, "task shop.emails.send").press("Escape")
    assert page.locator("#panel").is_hidden()
    assert address(page) == ""


def test_a_stack_is_opened_by_a_click_and_by_its_address(tenants: Path, open_page: Open) -> None:
    page = open_page(tenants)
    page.locator('[data-node][aria-label^="stack of 50 queues"]').first.click()
    opened = address(page)
    assert opened.startswith("#stack:queue:tenant-")
    again = open_page(tenants, opened)
    assert again.locator("#panel .kind").inner_text() == "stack of 50 queues"
    assert again.locator("#panel li").count() == 50


def test_the_launch_command_is_copied(small: Path, open_page: Open) -> None:
    page = open_page(small, "#worker:mail")
    command = page.locator("#panel pre").inner_text()
    assert command == "celery -A shop:app worker -n mail@%h -Q emails -P prefork -c 2"
    assert "Set first, as the file says under env: MAIL_RELAY, TZ" in page.inner_text("#panel")
    page.click("#panel .copy")
    page.locator("#panel .copy", has_text="Copied").wait_for()
    page.focus("#find")
    page.keyboard.press("Control+V")
    assert page.locator("#find").input_value() == command


def test_the_command_can_be_copied_where_there_is_no_clipboard(
    small: Path, open_page: Open
) -> None:
    page = open_page(small, "#worker:mail")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate("document.execCommand = () => false")
    page.click("#panel .copy")
    page.locator("#panel .copy", has_text="Selected").wait_for()
    assert page.evaluate("getSelection().toString()") == page.locator("#panel pre").inner_text()


def test_deep_links_and_the_way_back(small: Path, open_page: Open) -> None:
    page = open_page(small, "#queue:emails")
    assert page.locator("#panel h2").inner_text() == "emails"
    assert (
        page.locator('[aria-current="true"]').get_attribute("aria-label").startswith("queue emails")
    )
    page.locator("#panel a", has_text="mail").last.click()
    until(lambda: address(page) != "#queue:emails")
    second = heading(page)
    assert second != "emails"
    page.go_back()
    until(lambda: heading(page) == "emails")
    page.go_forward()
    until(lambda: heading(page) == second)
    page.click("#panel .close")
    assert page.locator("#panel").is_hidden()
    page.go_back()
    page.locator("#panel h2").wait_for()


def test_an_address_of_nothing_says_so(small: Path, open_page: Open) -> None:
    page = open_page(small, "#queue:nope%")
    assert page.locator("#panel").is_hidden()
    assert "no such node" in page.locator("#status").inner_text()
