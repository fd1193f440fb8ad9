"""The picture, whatever is drawn: nothing overlaps, nothing is missing, names stay text."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtopo
from qtopo.graph.picture import exchanges, ordering, parts, places
from qtopo.graph.picture.compose import compose
from qtopo.graph.picture.metrics import text_width
from qtopo.graph.picture.ranks import Ranks, ranks
from qtopo.graph.picture.scene import Rect, Scene
from qtopo.graph.picture.stacks import stacked
from qtopo.graph.picture.svg import svg
from qtopo.graph.picture.views import VIEWS, view
from qtopo.graph.picture.wires import wires
from qtopo.topology.topology import Topology
from strategies import topologies

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import pictures  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
SIZES = (15, 150, 1500)


def graph_of(data: dict[str, Any]) -> Any:
    built, findings = Topology.from_data(data)
    assert not findings, findings
    return qtopo.graph(built)


def generated(nodes: int, seed: int = 7) -> Any:
    return graph_of(pictures.topology(nodes, seed))


def inside(inner: Rect, outer: Rect) -> bool:
    return (
        outer.x <= inner.x + 0.11
        and outer.y <= inner.y + 0.11
        and inner.x + inner.w <= outer.x + outer.w + 0.11
        and inner.y + inner.h <= outer.y + outer.h + 0.11
    )


def meeting(rects: list[tuple[str, Rect]]) -> list[tuple[str, str]]:
    """Return which rectangles overlap, by a sweep from the left."""
    found = []
    open_: list[tuple[str, Rect]] = []
    for name, rect in sorted(rects, key=lambda pair: (pair[1].x, pair[0])):
        open_ = [(other, one) for other, one in open_ if one.x + one.w > rect.x]
        found += [(other, name) for other, one in open_ if one.overlaps(rect)]
        open_.append((name, rect))
    return found


def sound(scene: Scene) -> None:
    """Hold a scene to all that must be true of any."""
    whole = Rect(0, 0, scene.width, scene.height)
    # The cards below a stack are part of it.
    boxes = [
        (one.id, one.box._replace(w=one.box.w + 6, h=one.box.h + 6) if one.count > 1 else one.box)
        for one in scene.boxes
    ]
    labels = [(one.id, one.label.box) for one in scene.edges if one.label]
    solid = boxes + labels + [(f"canvas {one.id}", one.box) for one in scene.canvases]
    solid += [(f"key {one.name} {one.text.full}", one.box) for one in scene.legend]
    solid += [(f"key's {one.name} {one.text.full}", one.text.box) for one in scene.legend]
    solid += [(f"heading {one.kinds}", one.heading.box) for one in scene.lanes]
    assert meeting(solid) == []
    assert all(inside(rect, whole) for _, rect in solid)
    for one in scene.boxes:
        texts = [(str(index), text.box) for index, text in enumerate(one.texts)]
        if one.badge:
            texts.append(("badge", one.badge.box))
            assert inside(one.badge.text.box._replace(y=one.badge.box.y, h=1), one.badge.box)
        assert all(inside(rect, one.box) for _, rect in texts)
        assert meeting(texts) == []
    for canvas in scene.canvases:
        chips = [(str(index), chip.box) for index, chip in enumerate(canvas.chips)]
        assert meeting(chips) == []
        for chip in canvas.chips:
            assert inside(chip.box, canvas.box)
            assert all(inside(text.box, chip.box) for text in chip.texts)
    for text in every_text(scene):
        bold = text.role in ("title", "heading")
        assert text_width(text.shown, text.size, bold=bold) <= text.width + 1e-6
        assert text.shown == text.full or "…" in text.shown or not text.shown
    place = {one.id: one.box for one in scene.boxes}
    for edge in scene.edges:
        assert bool(edge.path) != edge.tagged
        if not edge.tagged:
            for node, (x, y) in ((edge.start, edge.points[0]), (edge.end, edge.points[-1])):
                box = place[node]
                assert min(abs(x - box.x), abs(x - box.x - box.w)) < 0.15
                assert box.y - 0.1 <= y <= box.y + box.h + 0.1


def lines_keep_clear(scene: Scene) -> None:
    """No line runs over a box that is not its end, nor through the label of another line."""
    obstacles = [(one.id, one.box) for one in scene.boxes]
    labels = [(one.id, one.label.box) for one in scene.edges if one.label]
    for edge in scene.edges:
        for (x, y), (to_x, to_y) in zip(edge.points, edge.points[1:], strict=False):
            swept = Rect(min(x, to_x), min(y, to_y), abs(to_x - x), abs(to_y - y))
            swept = swept._replace(w=max(swept.w, 0.2), h=max(swept.h, 0.2))
            level = abs(to_y - y) < 0.1
            own = {edge.start, edge.end} if level else set()
            hit = [name for name, rect in obstacles if name not in own and rect.overlaps(swept)]
            hit += [name for name, rect in labels if name != edge.id and rect.overlaps(swept)]
            assert hit == [], (edge.id, swept)


def every_text(scene: Scene) -> list[Any]:
    found = [*scene.texts, *(one.heading for one in scene.lanes)]
    found += [text for one in scene.boxes for text in one.texts]
    found += [one.label for one in scene.edges if one.label]
    found += [text for one in scene.canvases for text in one.texts]
    found += [text for one in scene.canvases for chip in one.chips for text in chip.texts]
    return found + [one.text for one in scene.legend]


def complete(graph: Any, scene: Scene, name: str, *, expand: bool) -> None:
    """Every node and every edge of what is shown is there exactly once."""
    seen = view(graph, name, expand=expand).graph
    shown = seen if expand else stacked(seen)
    assert Counter(one.id for one in scene.boxes) == Counter(list(shown))
    stood_for = Counter(node for one in scene.boxes for node in one.members)
    assert max(stood_for.values(), default=1) == 1
    assert set(seen) <= set(stood_for)
    drawn: Counter[Any] = Counter()
    for one in scene.edges:
        drawn[one.start, one.end, one.kind] += one.count
    wanted: Counter[Any] = Counter()
    for start, end, data in shown.edges(data=True):
        wanted[start, end, data["kind"]] += data.get("count", 1)
    assert drawn == wanted
    assert sum(drawn.values()) == seen.number_of_edges()
    assert len({one.id for one in scene.edges}) == len(scene.edges)


def drawn_as_text(scene: Scene, text: str) -> None:
    """The file is XML, holds no elements but ours, and every name comes back whole."""
    root = ET.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {
        "svg", "title", "desc", "style", "defs", "path", "marker", "rect", "text", "g", "use",
    }  # fmt: skip
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on")]
    nodes = [element.get("data-node") for element in root.iter(f"{SVG}g")]
    assert Counter(one for one in nodes if one is not None) == Counter(
        one.id for one in scene.boxes
    )
    ways = Counter(
        (one.get("data-from"), one.get("data-to"))
        for one in root.iter(f"{SVG}g")
        if one.get("data-from") is not None
    )
    assert ways == Counter((one.start, one.end) for one in scene.edges if not one.tagged)


@settings(max_examples=40, deadline=None)
@given(topologies(), st.sampled_from(VIEWS), st.booleans())
def test_any_topology(data: dict[str, Any], name: str, expand: bool) -> None:
    graph = graph_of(data)
    scene = compose(graph, name, expand=expand)
    sound(scene)
    lines_keep_clear(scene)
    complete(graph, scene, name, expand=expand)
    drawn_as_text(scene, svg(scene))


@pytest.mark.parametrize("nodes", SIZES)
@pytest.mark.parametrize("expand", [False, True])
def test_every_size(nodes: int, expand: bool) -> None:
    graph = generated(nodes)
    for name in ("flow", "machines"):
        scene = compose(graph, name, expand=expand)
        sound(scene)
        if len(scene.edges) < 500:
            lines_keep_clear(scene)
        complete(graph, scene, name, expand=expand)
    assert expand or len(scene.boxes) <= 60


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "topologies").glob("*.toml")))
def test_the_examples(file: str) -> None:
    graph = qtopo.graph(qtopo.load(ROOT / "topologies" / file))
    for name in VIEWS:
        for expand in (False, True):
            scene = compose(graph, name, expand=expand)
            sound(scene)
            if len(scene.edges) < 500:
                lines_keep_clear(scene)
            complete(graph, scene, name, expand=expand)


def test_the_same_bytes_in_every_process() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_pictures import generated, svg, compose\n"
        "for nodes in (15, 150):\n"
        "    for expand in (False, True):\n"
        "        text = svg(compose(generated(nodes), expand=expand))\n"
        "        sys.stdout.buffer.write(text.encode())\n"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, *folders],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 100_000


def layered(graph: Any) -> Ranks:
    """Return the lanes and lines of a graph as the layout sees them."""
    seen = view(graph, "flow", expand=True)
    lane = {kind: index for index, one in enumerate(seen.columns) for kind in one.kinds}
    number = {node: index for index, node in enumerate(seen.graph)}
    lines = [
        (number[one.start], number[one.end], one.kind) for one in wires(seen.graph) if not one.tag
    ]
    return ranks([lane[seen.graph.nodes[node]["kind"]] for node in seen.graph], lines)


def by_dot(proper: Ranks) -> list[list[int]]:
    """Return the order that dot gives the same lanes, waypoints among them."""
    lines = ['digraph { rankdir=LR; node [shape=box width=0.5 height=0.3 label=""];']
    lines += [
        "{ rank=same; " + "; ".join(f"n{node}" for node in nodes) + " }" for nodes in proper.lanes
    ]
    lines += [f"n{a} -> n{b};" for a, ends in enumerate(proper.right) for b in ends]
    plain = subprocess.run(
        ["dot", "-Tplain"],
        input="\n".join([*lines, "}"]),
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    height = {
        int(found[1]): float(found[2])
        for found in re.finditer(r"^node n(\d+) \S+ (\S+)", plain, re.MULTILINE)
    }
    return [sorted(nodes, key=lambda node: -height[node]) for nodes in proper.lanes]


@pytest.mark.parametrize("nodes", [15, 60, 150, 1500])
def test_no_more_crossings_than_dot(nodes: int) -> None:
    """All in all there are fewer, by five in a hundred; of one graph at most one in a hundred more.

    Of the smallest both mostly find the best there is.
    """
    if shutil.which("dot") is None:
        if os.environ.get("CI"):
            pytest.fail("dot is missing: apt-get install graphviz")
        pytest.skip("dot is not installed (apt-get install graphviz)")
    ours = theirs = 0
    for seed in range(1 if nodes > 1000 else 16):
        proper = layered(generated(nodes, seed))
        found_parts = ordering.ordered(proper)
        lanes = [
            [node for part in found_parts for node in part[lane]]
            for lane in range(len(found_parts[0]))
        ]
        assert [sorted(one) for one in lanes] == [sorted(one) for one in proper.lanes]
        found = places.crossings(lanes, proper.right)
        bound = places.crossings(by_dot(proper), proper.right)
        assert found <= bound * 1.01, (seed, found, bound)
        ours, theirs = ours + found, theirs + bound
    assert ours <= theirs * (1 if nodes < 60 else 0.95)


def test_crossings_are_counted_as_pairs_of_lines() -> None:
    rng = random.Random(3)
    for _ in range(50):
        lanes = [list(range(6)), list(range(6, 12)), list(range(12, 18))]
        for nodes in lanes:
            rng.shuffle(nodes)
        right: list[list[int]] = [[] for _ in range(18)]
        for node in range(12):
            right[node] = rng.sample(lanes[node // 6 + 1], rng.randrange(4))
        place = {node: index for nodes in lanes for index, node in enumerate(nodes)}
        lines = [(a // 6, place[a], place[b]) for a in range(12) for b in right[a]]
        slow = sum(
            one[0] == other[0] and one[1] < other[1] and one[2] > other[2]
            for one in lines
            for other in lines
        )
        assert places.crossings(lanes, right) == slow


def test_the_outer_lanes_of_a_part_do_not_cross() -> None:
    """What hangs on one neighbour further in follows its order, whatever that is."""
    for seed in range(10):
        proper = layered(generated(60, seed))
        for lanes in ordering.ordered(proper):
            first, last = parts.core(proper, lanes)
            assert places.crossings(lanes[: first + 1], proper.right) == 0
            assert places.crossings(lanes[last - 1 :], proper.right) == 0


def test_moves_never_make_more_crossings() -> None:
    for seed in range(10):
        proper = layered(generated(60, seed))
        position = [0] * len(proper.left)
        start = [list(nodes) for nodes in proper.lanes]
        before = places.crossings(start, proper.right)
        lanes, after = exchanges.moved(start, before, proper, position, 2)
        assert [sorted(nodes) for nodes in lanes] == [sorted(nodes) for nodes in proper.lanes]
        assert places.crossings(lanes, proper.right) == after < before
