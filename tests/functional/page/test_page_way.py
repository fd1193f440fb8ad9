"""What a page lights: the way of the message, and what a filter leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages import Open, box, lit, settled

if TYPE_CHECKING:
    from pathlib import Path


def test_hover_lights_the_way_of_the_message_and_nothing_else(small: Path, open_page: Open) -> None:
    page = open_page(small)
    assert page.locator(".dim").count() == 0
    box(page, "task shop.emails.send").hover()
    settled(page)
    assert lit(page) == {
        "task shop.emails.send",
        "route shop.emails.*",
        "exchange events",
        "queue emails",
        "worker mail",
    }
    joined = page.locator(".dim .edge.lit").count()
    assert joined == 4
    page.mouse.move(2, 2)
    settled(page)
    assert page.locator(".dim").count() == 0


def test_what_is_lit_is_what_is_before_and_behind_a_queue(small: Path, open_page: Open) -> None:
    page = open_page(small)
    box(page, "queue audit").hover()
    settled(page)
    assert lit(page) == {
        "task shop.audit.write",
        "route shop.audit.*",
        "exchange events",
        "queue audit",
        "worker rest",
    }


def test_filters_by_owner_and_worker(small: Path, open_page: Open) -> None:
    page = open_page(small)
    page.get_by_label("Owner", exact=True).select_option("growth")
    settled(page)
    mail = {
        "task shop.emails.send",
        "route shop.emails.*",
        "exchange events",
        "queue emails",
        "worker mail",
    }
    assert lit(page) == mail
    page.get_by_label("Worker", exact=True).select_option("rest")
    settled(page)
    assert lit(page) == {"exchange events"}
    page.get_by_label("Owner", exact=True).select_option("all")
    settled(page)
    assert {"queue default", "queue audit", "task shop.ping", "worker rest"} <= lit(page)
    assert "queue emails" not in lit(page)


def test_findings_are_in_the_panel_and_can_be_filtered(small: Path, open_page: Open) -> None:
    page = open_page(small)
    page.get_by_label("Findings", exact=True).select_option("error")
    settled(page)
    assert lit(page) == {"queue forgotten"}
    box(page, "queue forgotten, 1 finding").click()
    said = page.locator("#panel section", has_text="Findings").inner_text()
    assert "error no worker consumes queue 'forgotten' queue-unconsumed" in said
