"""Pages of other topologies: large ones, empty ones, differences, other views."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from pages import SMALL, Open, box, drawn, heading, settled, until

from qtopo.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


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
