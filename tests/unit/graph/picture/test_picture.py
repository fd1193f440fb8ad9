"""What the picture shows: stacks, tags, findings, workflows, views; and hostile names."""

from __future__ import annotations

import json
import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from drawn import HOSTILE, golden_graph, graph_of, hostile_graph

import qtopo
from qtopo.errors import QtopoError
from qtopo.graph import dot, json_, mermaid, text
from qtopo.graph.difference import difference
from qtopo.graph.picture import png as png_module
from qtopo.graph.picture.compose import compose
from qtopo.graph.picture.findings import attach
from qtopo.graph.picture.png import png
from qtopo.graph.picture.stacks import pattern, span
from qtopo.graph.picture.svg import svg

TOPOLOGIES = Path(__file__).parents[4] / "topologies"
SVG = "{http://www.w3.org/2000/svg}"


def example(name: str, view: str = "flow", **options: Any) -> Any:
    return compose(qtopo.graph(qtopo.load(TOPOLOGIES / name)), view, **options)


def box(scene: Any, node: str) -> Any:
    return next(one for one in scene.boxes if one.id == node)


def words(one: Any) -> list[str]:
    return [text.full for text in one.texts]


def test_tenants_are_stacks() -> None:
    scene = example("tenants.toml")
    stacks = [one for one in scene.boxes if one.kind == "queue" and one.count > 1]
    assert [(one.texts[0].shown, one.texts[1].shown) for one in stacks] == [
        ("tenant-t*", f"50 queues, {first} to {last}")
        for first, last in (("001", "050"), ("051", "100"), ("101", "150"), ("151", "200"))
    ]
    assert "tenant-t017" in stacks[0].tooltip
    assert "queue:tenant-t017" in stacks[0].members
    everything = example("tenants.toml", expand=True)
    assert sum(one.kind == "queue" for one in everything.boxes) == 201
    assert {one.count for one in everything.boxes} == {1}


def test_what_is_small_is_not_folded() -> None:
    for name in ("shop.toml", "media.toml", "simple.toml", "django.toml"):
        assert {one.count for one in example(name).boxes} == {1}


@pytest.mark.parametrize(
    ("names", "said", "numbers"),
    [
        (["tenant-t001", "tenant-t002", "tenant-t013"], "tenant-t*", "001 to 013"),
        (["shop.a.send", "shop.b.send"], "shop.*.send", ""),
        (["emails", "reports"], "emails, …", ""),
        (["q9", "q10"], "q9, …", "9 to 10"),
        (["x1y", "x2y", "x11y"], "x*y", "1 to 11"),
    ],
)
def test_the_name_of_a_stack(names: list[str], said: str, numbers: str) -> None:
    assert pattern(names) == said
    assert span(names) == numbers


def dead_letters(number: int) -> Any:
    return compose(
        graph_of(
            {
                "exchanges": {"dead": {"type": "fanout"}},
                "queues": {
                    f"{name}": {"dead_letter": {"exchange": "dead"}} for name in "abcdef"[:number]
                },
            }
        )
    )


def test_more_than_three_dead_letter_lines_to_one_place_are_tags() -> None:
    few, many = dead_letters(3), dead_letters(4)
    assert [one.tagged for one in few.edges if one.kind == "dead-letter"] == [False] * 3
    assert words(box(few, "queue:a")) == ["a"]
    assert [one.tagged for one in many.edges if one.kind == "dead-letter"] == [True] * 4
    assert words(box(many, "queue:a")) == ["a", "† dead"]
    assert [one.role for one in box(many, "queue:a").texts] == ["name", "tag"]


def test_a_queue_brings_its_exchange_along() -> None:
    folded, whole = example("simple.toml"), example("simple.toml", expand=True)
    assert {one.kind for one in folded.boxes} == {"task", "route", "queue", "worker"}
    assert "exchange" in {one.kind for one in whole.boxes}
    queue = box(folded, "queue:default")
    assert set(queue.members) == {"queue:default", "exchange:default"}


def test_findings_are_badges_on_what_they_are_about() -> None:
    graph = golden_graph()
    attach(
        graph,
        [
            (("queues", "emails", "dead_letter", "exchange"), "one", "warning", "first"),
            (("queues", "emails"), "two", "error", "second"),
            (("beat", "schedule", "hourly", "every"), "three", "info", "third"),
            (("broker", "url"), "four", "warning", "the file's"),
        ],
    )
    scene = compose(graph)
    emails = box(scene, "queue:emails")
    assert (emails.badge.severity, emails.badge.count) == ("error", 2)
    assert emails.badge.text.shown == "E2"
    assert emails.tooltip.splitlines()[-2:] == ["warning: first (one)", "error: second (two)"]
    assert box(scene, "beat:hourly").badge.text.shown == "I1"
    assert [one.id for one in scene.boxes if one.badge] == ["beat:hourly", "queue:emails"]
    assert [one["rule"] for one in graph.graph["findings"]] == ["four"]
    assert {one.name for one in scene.legend if one.what == "badge"} == {"error", "info"}


def test_what_is_about_no_node_is_said_below_the_title() -> None:
    graph = graph_of({"queues": {"a": {}}})
    plain = compose(graph)
    attach(graph, [(("broker", "url"), "one", "warning", "m"), ((), "two", "error", "n")])
    scene = compose(graph)
    line = "2 findings about the file as a whole: warning: m (one); error: n (two)"
    assert [one.full for one in scene.texts] == [*(one.full for one in plain.texts), line]
    assert line in scene.description
    assert scene.lanes[0].box.y > scene.texts[-1].y > plain.lanes[0].box.y - 18


def test_a_queue_that_brings_its_exchange_along_says_what_it_is() -> None:
    announce = box(example("shop.toml"), "queue:announce")
    assert set(announce.members) == {"queue:announce", "exchange:announce"}
    assert words(announce) == ["announce", "broadcast"]


def test_an_empty_view_says_so() -> None:
    scene = example("shop.toml", "resources")
    assert not scene.boxes
    assert scene.texts[-1].shown == "No task uses a resource, and none waits for another."
    machines = example("shop.toml", "machines")
    assert machines.texts[-1].shown == "6 queues, 4 workers, 2 machines"


def test_workers_are_folded_after_what_they_work_for() -> None:
    queues = {f"{'abcdefgh'[n % 8]}-{n}": {} for n in range(80)}
    names = list(queues)
    workers = {
        f"worker-{n}": {"queues": names[n::12] + names[n % 8 :: 8], "concurrency": n + 1}
        for n in range(12)
    }
    data = {
        "queues": queues,
        "workers": {**workers, "rest": {"queues": names[20:]}},
        "tasks": {f"job.t{n}": {"queue": names[n % 80]} for n in range(120)},
    }
    scene = compose(graph_of(data))
    assert len(scene.boxes) <= 60
    assert {one.count for one in scene.boxes if one.kind == "worker"} == {1}


def test_secrets_are_stars() -> None:
    env = {
        "SMTP_PASSWORD": "hunter2",
        "MY_API_KEY": "abc123",
        "CACHE": "redis://me:s3cret@cache/0",
        "TOKEN_FILE": "/run/token",
        "DB_PASSWORD": "$DB_PASSWORD",
        "LEVEL": "info",
    }
    graph = graph_of({"queues": {"a": {}}, "workers": {"w": {"queues": ["a"], "env": env}}})
    drawings = [json.dumps(box(compose(graph), "worker:w")._asdict()), svg(compose(graph))]
    drawings += [style.draw(graph) for style in (json_, dot, mermaid, text)]
    for drawing in drawings:
        assert not [one for one in ("hunter2", "abc123", "s3cret") if one in drawing]
    shown = json.loads(json_.draw(graph))["nodes"]
    assert next(one for one in shown if one["id"] == "worker:w")["env"] == {
        **env,
        "SMTP_PASSWORD": "******",
        "MY_API_KEY": "******",
        "CACHE": "redis://me:******@cache/0",
    }
    assert graph.nodes["worker:w"]["env"] == env


def test_a_difference_does_not_tell_secrets_either() -> None:
    old, new = (
        graph_of(
            {"queues": {"a": {}}, "workers": {"w": {"queues": ["a"], "env": {"API_KEY": one}}}}
        )
        for one in ("before1", "after1")
    )
    compared = difference(old, new)
    assert compared.nodes["worker:w"]["change"] == "changed"
    for drawing in (svg(compose(compared)), *(one.draw(compared) for one in (json_, dot, mermaid))):
        assert "before1" not in drawing
        assert "after1" not in drawing


def test_a_task_named_in_a_route_does_not_take_what_is_the_routes() -> None:
    graph = graph_of({"queues": {"a": {}}, "routes": [{"task": "x", "queue": "a"}]})
    attach(graph, [(("routes", 0, "task"), "one", "error", "m")])
    assert "findings" not in graph.nodes["task:x"]
    assert graph.nodes["route:0"]["findings"] == [
        {"rule": "one", "severity": "error", "message": "m"}
    ]


def test_a_workflow_is_drawn_as_what_it_is() -> None:
    canvas = example("shop.toml").canvases[0]
    assert canvas.id == "workflow:checkout"
    assert [[text.full for text in chip.texts] for chip in canvas.chips] == [
        ["shop.payments.charge", "→ payments"],
        ["shop.orders.reserve", "→ orders"],
        ["shop.orders.confirm", "→ orders"],
        ["shop.emails.receipt", "→ emails"],
        ["shop.ping", "→ default"],
    ]
    charge, reserve, confirm, receipt, ping = (chip.box for chip in canvas.chips)
    assert charge.x == reserve.x < confirm.x < receipt.x == ping.x
    assert charge.y + charge.h <= reserve.y
    assert [word for word, _ in canvas.frames] == ["chord", "group"]
    assert len(canvas.lines) == 2


def test_deep_canvases_stay_in_their_frames() -> None:
    chord = {"header": ["a", {"chain": ["b", {"group": ["c", "d"]}]}], "body": "e"}
    data = {"queues": {"q": {}}, "defaults": {"queue": "q"}, "workflows": {"w": {"chord": chord}}}
    canvas = compose(graph_of(data)).canvases[0]
    assert [chip.texts[0].full for chip in canvas.chips] == ["a", "b", "c", "d", "e"]
    (_, outer), (_, inner) = canvas.frames
    assert outer.x < inner.x
    assert inner.x + inner.w < outer.x + outer.w
    assert outer.y < inner.y
    assert inner.y + inner.h < outer.y + outer.h


def test_resources_and_who_touches_them() -> None:
    data = {
        "queues": {"q": {}, "other": {}},
        "defaults": {"queue": "q"},
        "resources": {"flags": {"kind": "database"}},
        "tasks": {"a": {"uses": ["flags"]}, "b": {"queue": "other"}, "c": {"waits_for": ["b"]}},
        "workers": {"w": {"queues": ["q"]}, "v": {"queues": ["other"]}, "z": {"queues": ["q"]}},
    }
    data["workers"]["z"]["replicas"] = 0  # type: ignore[index]
    scene = compose(graph_of(data), "resources")
    assert {(one.start, one.kind, one.end) for one in scene.edges} == {
        ("task:a", "uses", "resource:flags"),
        ("task:c", "waits-for", "task:b"),
        ("worker:w", "runs", "task:a"),
        ("worker:w", "runs", "task:c"),
        ("worker:v", "runs", "task:b"),
    }
    assert [one.heading.full for one in scene.lanes] == ["Workers", "Tasks", "Resources"]


def test_machines_and_what_runs_on_them() -> None:
    scene = example("shop.toml", "machines")
    assert {one.kind for one in scene.boxes} == {"queue", "worker", "machine"}
    assert {one.kind for one in scene.edges} == {"consumes", "runs-on"}


def test_lanes_that_are_empty_vanish() -> None:
    assert compose(graph_of({"queues": {}})).lanes == ()
    assert ET.fromstring(svg(compose(graph_of({"queues": {}})))) is not None
    only = compose(graph_of({"queues": {"a": {}}}))
    assert [one.heading.full for one in only.lanes] == ["Queues"]


def test_names_that_hurt_come_through_as_text() -> None:
    names = (*HOSTILE, '"]; x -> y', "שלום עולם", "]]>", "<!--", "x" * 300, "日本" * 60, "🐰" * 50)
    graph = hostile_graph(names)
    for theme in ("auto", "light", "dark"):
        text = svg(compose(graph, expand=True), theme)
        root = ET.fromstring(text)
        assert {one.get("data-node") for one in root.iter(f"{SVG}g")} - {None} == {
            node for node in graph if not node.startswith("resource:")
        }
        assert "<script" not in text
        texts = {"".join(one.itertext()) for one in root.iter(f"{SVG}text")}
        assert {"<script>alert(1)</script>", '"]; x -> y', "a&amp;b", "⟨202E⟩abc"} <= texts


def test_it_says_what_it_is() -> None:
    root = ET.fromstring(svg(compose(golden_graph())))
    assert root.get("role") == "img"
    named = root.get("aria-labelledby")
    assert named == "title desc"
    assert [root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")] == named.split()  # type: ignore[union-attr]
    assert root.find(f"{SVG}title").text == "shop"  # type: ignore[union-attr]
    # Plain px: some programs refuse other units.
    assert float(root.get("width", "")) > 400


def test_changes_have_signs_besides_colours() -> None:
    graph = golden_graph()
    for node, change in zip(graph, ("added", "removed", "changed", "same"), strict=False):
        graph.nodes[node]["change"] = change
    text = svg(compose(graph))
    assert text.count('class="badge b-added"') == 2  # the node and the legend
    assert ">+</text>" in text
    assert ">−</text>" in text
    assert ">~</text>" in text


def test_png_has_the_size_of_the_scene() -> None:
    scene = example("simple.toml")
    for theme in ("light", "dark"):
        data = png(scene, theme, scale=1.0)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", data[16:24])
        assert abs(width - scene.width) <= 1
        assert abs(height - scene.height) <= 1
    assert png(scene, "light") != png(scene, "dark")


def test_png_without_resvg_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(QtopoError, match="resvg-py is not installed") as caught:
        png_module.draw(golden_graph())
    assert "qtopo[png]" in str(caught.value.help)
