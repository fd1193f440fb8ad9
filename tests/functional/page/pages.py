"""What the tests of the page share: a topology, drawing it, and reading what a page shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from qtopo.cli.main import main

ROOT = Path(__file__).parents[3]
SMALL = """\
[app]
name = "shop"
celery = "shop:app"
[broker]
transport = "rabbitmq"
url = "env:BROKER_URL"
[defaults]
queue = "default"
[exchanges.events]
type = "topic"
[queues.default]
[queues.emails]
description = "mail to customers"
owner = "growth"
max_priority = 5
bindings = [{ exchange = "events", routing_key = "email.#" }]
[queues.emails.arguments]
x-overflow = "reject-publish"
[queues.forgotten]
[queues.audit]
bindings = [{ exchange = "events", routing_key = "audit.#" }]
[[routes]]
task = "shop.emails.*"
queue = "emails"
exchange = "events"
routing_key = "email.normal"
[[routes]]
task = "shop.audit.*"
queue = "audit"
exchange = "events"
routing_key = "audit.normal"
[tasks."shop.emails.send"]
description = "sends one mail"
[tasks."shop.audit.write"]
[tasks."shop.ping"]
[workers.mail]
queues = ["emails"]
concurrency = 2
env = { MAIL_RELAY = "relay-of-the-house", TZ = "UTC" }
[workers.rest]
queues = ["default", "audit"]
"""

Open = Callable[..., Any]


def drawn(source: Path, folder: Path | None = None, *options: str) -> Path:
    to = (folder or source.parent) / "topology.html"
    assert main(["graph", "-t", str(source), "-o", str(to), *options]) == 0
    return to


def box(page: Any, name: str) -> Any:
    """The box with an accessible name that begins so."""
    return page.locator(f'[data-node][aria-label^="{name}"]')


def lit(page: Any) -> set[str]:
    names = page.locator(".dim [data-node].lit").evaluate_all(
        "found => found.map(one => one.getAttribute('aria-label'))"
    )
    return {name.partition(",")[0] for name in names}


def address(page: Any) -> str:
    return page.evaluate("location.hash")


def heading(page: Any) -> str:
    """The heading of the panel; nothing where it is closed."""
    return "".join(page.locator("#panel h2").all_text_contents())


def until(true: Callable[[], bool]) -> None:
    """Wait for what the browser does when it gets to it."""
    end = monotonic() + 10
    while not true():
        assert monotonic() < end, "it did not come true"
        sleep(0.02)


def settled(page: Any) -> None:
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
