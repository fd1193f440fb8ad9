"""What a page may not do, and what names cannot make it do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pages import Open, drawn, heading, until

from qtopo.graph.picture.metrics import visible

if TYPE_CHECKING:
    from pathlib import Path

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


def test_without_scripts_the_picture_is_there(small: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(small.as_uri())
    assert page.locator("#picture").is_visible()
    assert page.locator("#tools").is_hidden()
    context.close()
