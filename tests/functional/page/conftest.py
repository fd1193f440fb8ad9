"""A real browser for the tests of the page, and two pages for it to open.

Needs Chromium (Debian: chromium). Every test fails on a message in the browser's
console and on any request besides the file itself.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from pages import ROOT, SMALL, Open, drawn
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = next((found for one in PROGRAMS if (found := shutil.which(one))), None)
    if program is None:
        reason = f"none of {', '.join(PROGRAMS)} is on PATH"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as engine:
        # Chromium's own sandbox needs more rights than a container has.
        started = engine.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def wrong() -> list[str]:
    """What went wrong in the browser: messages, errors, dialogs and requests."""
    return []


@pytest.fixture
def open_page(browser: Any, wrong: list[str]) -> Iterator[Open]:
    contexts = []

    def refused(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def opened(path: Path, address: str = "", **options: Any) -> Any:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        own = path.as_uri()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on(
            "dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )
        page.on(
            "request",
            lambda request: request.url.split("#")[0] == own or wrong.append(request.url),
        )
        page.goto(own + address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    source = folder / "topology.toml"
    source.write_text(SMALL, encoding="utf-8")
    return drawn(source)


@pytest.fixture(scope="session")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn(ROOT / "topologies" / "tenants.toml", tmp_path_factory.mktemp("tenants"))
