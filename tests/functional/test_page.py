"""The page in a real browser: search, hover, click, keyboard, deep links, and what it may not do.

Needs Chromium (Debian: chromium). Every test fails on a message in the browser's
console and on any request besides the file itself.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import sync_playwright

from qtopo.cli.main import main
from qtopo.graph.picture.metrics import visible

ROOT = Path(__file__).parents[2]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
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
HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--<script>",
    '"]; x -> y',
    "\u202egnp.exe",
    "قائمة البريد",
    "🎉 party",
    "a&amp;b",
    "x%3Ay#z",
    "__proto__",
    "javascript:alert(1)",
)

Open = Callable[..., Any]


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    source = folder / "topology.toml"
    source.write_text(SMALL, encoding="utf-8")
    return drawn(source)


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn(ROOT / "topologies" / "tenants.toml", tmp_path_factory.mktemp("tenants"))


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


def test_a_stack_is_opened_by_a_click_and_by_its_address(tenants: Path, open_page: Open) -> None:
    page = open_page(tenants)
    page.locator('[data-node][aria-label^="stack of 50 queues"]').first.click()
    opened = address(page)
    assert opened.startswith("#stack:queue:tenant-")
    again = open_page(tenants, opened)
    assert again.locator("#panel .kind").inner_text() == "stack of 50 queues"
    assert again.locator("#panel li").count() == 50


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


def test_findings_are_in_the_panel_and_can_be_filtered(small: Path, open_page: Open) -> None:
    page = open_page(small)
    page.get_by_label("Findings", exact=True).select_option("error")
    settled(page)
    assert lit(page) == {"queue forgotten"}
    box(page, "queue forgotten, 1 finding").click()
    said = page.locator("#panel section", has_text="Findings").inner_text()
    assert "error no worker consumes queue 'forgotten' queue-unconsumed" in said


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


def test_the_policy_stops_what_is_not_ours(small: Path, open_page: Open, wrong: list[str]) -> None:
    page = open_page(small)
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    tried = page.evaluate(
        """async () => {
          const blocked = [];
          document.addEventListener("securitypolicyviolation", event => {
            blocked.push(event.effectiveDirective);
          });
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          const button = document.createElement("button");
          button.setAttribute("onclick", "window.ran = true");
          document.body.append(button);
          button.click();
          button.remove();
          await new Promise(done => setTimeout(done, 50));
          return [window.ran === undefined, blocked];
        }"""
    )
    assert tried[0]
    assert {"script-src-elem", "script-src-attr"} <= set(tried[1])
    # Chromium says so in its console too.
    assert len(wrong) == 2
    assert all("Content Security Policy" in one for one in wrong)
    wrong.clear()


def test_hostile_names_are_text(tmp_path: Path, open_page: Open) -> None:
    lines = ["[app]", 'celery = "a:app"', "[broker]", 'transport = "rabbitmq"']
    for name in HOSTILE:
        text = json.dumps(name, ensure_ascii=False)
        lines += [f"[queues.{text}]", f"description = {text}"]
        lines += [f"[workers.{text}]", f"queues = [{text}]"]
        lines += [f"[tasks.{text}]", f"queue = {text}"]
    source = tmp_path / "topology.toml"
    source.write_text("\n".join(lines), encoding="utf-8")
    page = open_page(drawn(source, None, "--expand"))
    for name in HOSTILE:
        page.evaluate("hash => { location.hash = hash }", "#queue:" + quote(name, safe=""))
        shown = visible(name)
        until(lambda shown=shown: heading(page) == shown)
        assert page.locator("#panel dd").first.text_content() == shown
        page.fill("#find", shown)
        assert page.locator("#hits [data-hit]").count() >= 1
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2


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


def test_without_scripts_the_picture_is_there(small: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(small.as_uri())
    assert page.locator("#picture").is_visible()
    assert page.locator("#tools").is_hidden()
    context.close()


def test_a_difference_is_a_page_too(tmp_path: Path, open_page: Open) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(SMALL, encoding="utf-8")
    new.write_text(SMALL.replace("max_priority = 5", "max_priority = 9") + "[queues.extra]\n")
    to = tmp_path / "changes.html"
    assert main(["graph", "--diff", str(old), str(new), "-o", str(to)]) == 0
    page = open_page(to, "#queue:emails")
    assert "max_priority: 5 → 9" in page.inner_text("#panel")
    page.evaluate("location.hash = '#queue:extra'")
    until(lambda: heading(page) == "extra")
    assert page.locator("#panel .notice").inner_text() == "added"


def large(nodes: int) -> str:
    """A topology of about so many nodes: queues on topic exchanges, routes, tasks, workers."""
    parts = ['[app]\nname = "large"\ncelery = "a:app"\n[broker]\ntransport = "rabbitmq"\n']
    queues = nodes // 3
    parts += [f'[exchanges.x{n}]\ntype = "topic"\n' for n in range(20)]
    for n in range(queues):
        parts.append(
            f'[queues.q{n}]\nowner = "team-{n % 7}"\nbindings = [{{ exchange = "x{n % 20}", '
            f'routing_key = "k{n}.#" }}]\n[queues.q{n}.arguments]\nx-overflow = "reject-publish"\n'
        )
    for n in range(nodes // 5):
        parts.append(
            f'[[routes]]\ntask = "s{n}.*"\nqueue = "q{n}"\nexchange = "x{n % 20}"\n'
            f'routing_key = "k{n}.run"\n'
        )
    parts += [f'[tasks."s{n % (nodes // 5)}.step{n}"]\n' for n in range(nodes // 3)]
    for n in range(nodes // 10):
        names = ", ".join(f'"q{m}"' for m in range(n, queues, nodes // 10))
        parts.append(f"[workers.w{n}]\nqueues = [{names}]\nconcurrency = 4\n")
    return "".join(parts)


def test_1500_nodes(tmp_path: Path, open_page: Open, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "topology.toml"
    source.write_text(large(1500), encoding="utf-8")
    to = drawn(source, None, "--expand")
    # What an expanded page of this size may weigh; times are only shown.
    assert to.stat().st_size <= 1_200_000
    started = perf_counter()
    page = open_page(to)
    settled(page)
    ready = perf_counter() - started
    paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    )
    taken = page.evaluate(
        """async () => {
          const boxes = [...document.querySelectorAll("[data-node]")], times = [];
          for (let n = 0; n < 20; n++) {
            const part = boxes[(n * 71) % boxes.length].querySelector(".shape");
            const start = performance.now();
            const mouse = { bubbles: true, pointerType: "mouse" };
            part.dispatchEvent(new PointerEvent("pointerover", mouse));
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            times.push(performance.now() - start);
          }
          return times.sort((a, b) => a - b)[10];
        }"""
    )
    assert page.locator("[data-node].lit").count() >= 2
    with capsys.disabled():
        print(
            f"\npage of {page.locator('[data-node]').count()} boxes: "
            f"{to.stat().st_size / 1e3:.0f} kB, first paint {paint:.0f} ms, "
            f"ready {ready * 1e3:.0f} ms, hover and two frames {taken:.0f} ms"
        )


@pytest.mark.parametrize("view", ["resources", "machines"])
def test_other_views_are_pages_too(tmp_path: Path, open_page: Open, view: str) -> None:
    source = tmp_path / "topology.toml"
    more = '[resources.db]\nkind = "database"\n[machines.m]\ncpus = 4\n'
    text = SMALL.replace('description = "sends one mail"', 'uses = ["db"]')
    text = text.replace("concurrency = 2", 'concurrency = 2\nmachine = "m"')
    source.write_text(text + more, encoding="utf-8")
    page = open_page(drawn(source, None, "--view", view))
    box(page, "worker mail").click()
    assert page.locator("#panel h2").inner_text() == "mail"
    # What the view does not draw is found all the same.
    page.fill("#find", "shop.emails.*")
    page.keyboard.press("Enter")
    assert page.locator("#panel .kind").inner_text() == "route"


def test_a_topology_of_nothing(tmp_path: Path, open_page: Open) -> None:
    source = tmp_path / "topology.toml"
    source.write_text('[app]\ncelery = "a:app"\n[broker]\ntransport = "redis"\n', "utf-8")
    page = open_page(drawn(source))
    page.fill("#find", "x")
    assert page.locator("#status").inner_text() == "Nothing found"


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
