"""The drawings: whole outputs, and that no name gets out of its quotes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import networkx as nx
import pytest
from drawn import GOLDEN, HOSTILE, golden_graph, graph_of, hostile_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from qtopo.errors import UnknownNameError
from qtopo.graph import drawings, mermaid, text
from qtopo.graph.captions import caption, name, tooltip

FILES = {
    "text": "graph.txt",
    "dot": "graph.dot",
    "mermaid": "graph.mmd",
    "json": "graph.json",
    "svg": "graph.svg",
}


def drawn(word: str, graph: Any, **options: Any) -> str:
    return drawings.draw(drawings.WORDS[word], graph, **options)


def agrees(file: str, got: str) -> None:
    """Compare with a golden file; UPDATE_GOLDEN=1 writes it first."""
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / file).write_text(got, encoding="utf-8")
    assert got == (GOLDEN / file).read_text(encoding="utf-8")


def test_every_format_has_a_golden_file() -> None:
    # A page has the picture in it; a PNG depends on the fonts of the machine.
    assert set(FILES) == {style.name for style in drawings.FORMATS} - {"html", "png"}


@pytest.mark.parametrize("style", FILES)
def test_the_whole_drawing(style: str) -> None:
    agrees(FILES[style], drawn(style, golden_graph()))


def test_the_whole_text_without_box_characters() -> None:
    got = drawn("text", golden_graph(), unicode=False)
    agrees("graph.ascii.txt", got)
    assert got.isascii()


def test_two_processes_draw_the_same_bytes() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from drawn import *; from qtopo.graph import drawings\n"
        "for graph in (golden_graph(), hostile_graph()):\n"
        "    for style in drawings.FORMATS:\n"
        "        found = drawings.draw(style, graph)\n"
        "        found = found.encode() if isinstance(found, str) else found\n"
        "        sys.stdout.buffer.write(found)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, os.path.dirname(__file__)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4242")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 100_000


# DOT, as Graphviz' scanner reads it: `\"` in a string is a quote, `\\` stays two
# characters; in labels Graphviz then reads escapes and entities.
TOKEN = re.compile(
    r'\s*("(?:\\.|[^"\\])*"|->|[A-Za-z_][A-Za-z_0-9]*|-?[0-9.]+|[{}\[\]=;])', re.DOTALL
)


def tokens(dot: str) -> list[str]:
    found, at = [], 0
    while dot[at:].strip():
        match = TOKEN.match(dot, at)
        assert match, dot[at : at + 80]
        found.append(match.group(1))
        at = match.end()
    return found


def identifier(token: str) -> str:
    return token[1:-1].replace('\\"', '"')


def shown(token: str) -> str:
    """What Graphviz shows of a quoted label."""
    text = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), token[1:-1])
    assert not re.search(r"&(?!amp;)", text)
    return text.replace("&amp;", "&")


def parse_dot(dot: str) -> tuple[dict[str, dict[str, str]], list[tuple[str, str, dict[str, str]]]]:
    """Read nodes and edges with their attributes; refuses anything else that is quoted."""
    stream = tokens(dot)
    nodes: dict[str, dict[str, str]] = {}
    edges = []
    at = 0
    while at < len(stream):
        token = stream[at]
        if not token.startswith('"') or stream[at - 1] == "=":
            at += 1
            continue
        other = None
        if stream[at + 1] == "->":
            other = stream[at + 2]
            at += 2
        assert stream[at + 1] == "["
        at += 2
        values = {}
        while stream[at] != "]":
            assert stream[at + 1] == "="
            values[stream[at]] = stream[at + 2]
            at += 3
        assert stream[at + 1] == ";"
        at += 2
        if other is None:
            assert identifier(token) not in nodes
            nodes[identifier(token)] = values
        else:
            edges.append((identifier(token), identifier(other), values))
    return nodes, edges


def test_hostile_names_are_text_in_dot() -> None:
    graph = hostile_graph()
    nodes, edges = parse_dot(drawn("dot", graph))
    # Backslashes are doubled in identifiers, which Graphviz keeps.
    double = {node.replace("\\", "\\\\"): node for node in graph}
    assert nodes.keys() == double.keys()
    for node, values in nodes.items():
        data = graph.nodes[double[node]]
        words = caption(data)
        assert shown(values["label"]) == name(data) + (f"\n{words}" if words else "")
        assert shown(values["tooltip"]) == tooltip(data)
    assert [(double[start], double[end]) for start, end, _ in edges] == [
        (start, end) for start, end, _ in graph.edges(data=True)
    ]
    for (_, _, values), (_, _, data) in zip(edges, graph.edges(data=True), strict=True):
        assert shown(values["tooltip"]) == f"{data['kind']} {data['label']}".strip()


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True))
def test_any_text_is_text_in_dot(names: list[str]) -> None:
    # Built, not read: the reader refuses control characters, the API does not.
    graph = nx.MultiDiGraph()
    for one in names:
        graph.add_node(f"task:{one}", kind="task", label=one)
    nodes, _ = parse_dot(drawn("dot", graph))
    assert len(nodes) == len(names)


def test_json_is_networkx_data_and_reads_back() -> None:
    graph = hostile_graph()
    data = json.loads(drawn("json", graph))
    assert data["format_version"] == 1
    assert (data["directed"], data["multigraph"]) == (True, True)
    again = nx.node_link_graph(data, edges="edges")
    assert isinstance(again, nx.MultiDiGraph)
    assert nx.utils.graphs_equal(again, graph)
    assert list(again) == list(graph)


# Mermaid: what may stand in a quoted label without meaning anything, and codes.
SAFE = re.compile(r"(?:[^\W_]|#[0-9]+;|[ .,/()=+\-×…]|<br>)*")
LINE = re.compile(
    r'  (?P<id>[a-z]+\d+)[\[({/\\]+"(?P<label>[^"]*)"[\])}/\\]+:::(?P<style>[a-z]+)'
    r'|  (?P<start>[a-z]+\d+) (?:-->|-\.->)(?:\|"(?P<text>[^"]*)"\|)? (?P<end>[a-z]+\d+)'
    r"|  classDef [a-z]+ [a-z0-9#:,\- ]+|  linkStyle [\d,]+ stroke:#[0-9a-f]+"
    r"|flowchart LR|%% [^\n]*|  accTitle: (?P<title>[^\n]+)"
    r"|  accDescr: [\w ,]+; messages go from left to right"
)


def parse_mermaid(drawing: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Return labels by identifier, and edges; every line is one of the few known ones."""
    nodes: dict[str, str] = {}
    edges = []
    for line in drawing.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        for label in (match["label"], match["text"], line[3:] if line.startswith("%%") else ""):
            assert "%%" not in (label or "")
        for label in (match["label"], match["text"]):
            assert SAFE.fullmatch(label or ""), label
        if match["id"]:
            assert match["id"] not in nodes
            nodes[match["id"]] = unescaped(match["label"])
        elif match["start"]:
            edges.append((match["start"], match["end"], unescaped(match["text"] or "")))
    assert len(edges) <= mermaid.MOST_EDGES
    assert len(drawing.encode("utf-16-le")) // 2 <= mermaid.MOST_CHARACTERS
    return nodes, edges


def unescaped(label: str) -> str:
    found = re.sub(r"#(\d+);", lambda m: chr(int(m.group(1))), label.replace("<br>", "\n"))
    return found.replace("\u200b", "")


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 9))
def test_hostile_names_are_text_in_mermaid(start: int) -> None:
    graph = hostile_graph(HOSTILE[start : start + 9])
    nodes, edges = parse_mermaid(drawn("mermaid", graph))
    assert [label.split("\n")[0] for label in nodes.values()] == [
        name(data)
        for kind in dict.fromkeys(node.rstrip("0123456789") for node in nodes)
        for _, data in graph.nodes(data=True)
        if data["kind"] == kind
    ]
    assert len(edges) == graph.number_of_edges()


def queues_in_a_row(names: list[str]) -> Any:
    graph = nx.MultiDiGraph(app=names[0])
    for one in names:
        graph.add_node(f"queue:{one}", kind="queue", label=one)
    for start, end in pairwise(names):
        graph.add_edge(f"queue:{start}", f"queue:{end}", kind="binds", label=end)
    return graph


NAMES = st.lists(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
        lambda text: "\u200b" not in text
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@settings(deadline=None)
@given(NAMES)
def test_any_text_is_text_in_mermaid(names: list[str]) -> None:
    drawing = drawn("mermaid", queues_in_a_row(names))
    # Split at line ends alone: other signs that Python takes for one are codes.
    nodes, edges = parse_mermaid(drawing)
    assert list(nodes.values()) == [f"{one}\nqueue" for one in names]
    assert [text for *_, text in edges] == names[1:]
    assert unescaped(drawing.split("accTitle: ")[1].split("\n")[0]) == names[0]


@settings(deadline=None)
@given(NAMES)
def test_any_text_stays_on_its_line_in_text(names: list[str]) -> None:
    lines = drawn("text", queues_in_a_row(names)).split("\n")
    heads = [line for line in lines if line.startswith("queue ")]
    assert len(heads) == len(names)
    assert all(line.replace("\u200c", "").replace("\u200d", "").isprintable() for line in lines)


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("shop.emails.*", "shop.emails.#42;"),
        ("1. one", "1#46; one"),
        ("1) one", "1#41; one"),
        ("- item", "#45; item"),
        ("a - b", "a - b"),
        ("    code", "#32;#32;#32;#32;code"),
        ("snake_case", "snake#95;case"),
        ("#quot;", "#35;quot#59;"),
        ("fa:fa-bomb", "fa#58;#8203;fa-bomb"),
        ("$$x$$", "#36;#8203;#36;x#36;#8203;#36;"),
        ("%%{init: 1}%%", "#37;#37;#123;init#58; 1#125;#37;#37;"),
        ("<b>\n", "#60;b#62;#10;"),
        ("日本 🐰", "日本 #128048;"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_mermaid_codes(label: str, written: str) -> None:
    # Each of these was seen to mean something else to Mermaid 11.
    assert mermaid.escape(label) == written


def fleet(tasks: int, queues: int, workers: int) -> Any:
    return graph_of(
        {
            "queues": {f"q{n}": {} for n in range(queues)},
            "routes": [{"task": f"a{n}.*", "queue": f"q{n}"} for n in range(queues)],
            "tasks": {f"a{n % queues}.task{n}": {} for n in range(tasks)},
            "workers": {
                f"w{n}": {"queues": [f"q{m}" for m in range(n, queues, workers)]}
                for n in range(workers)
            },
        }
    )


@pytest.mark.parametrize(
    ("sizes", "how", "labels"),
    [
        ((380, 40, 4), None, None),
        (
            (381, 40, 4),
            "tasks with the same neighbours",
            "10 tasks: a0.task0, a0.task40, a0.task80, …",
        ),
        (
            (1000, 300, 3),
            "whatever leads to the same workers alike",
            "334 tasks: a0.task0, a0.task300, a0.task600, …",
        ),
        ((600, 600, 600), "each kind", "600 tasks: a0.task0, a1.task1, a2.task2, …"),
    ],
)
def test_mermaid_folds_as_far_as_its_limits_ask(
    sizes: tuple[int, int, int], how: str | None, labels: str | None
) -> None:
    graph = fleet(*sizes)
    drawing = drawn("mermaid", graph)
    nodes, edges = parse_mermaid(drawing)
    said = re.findall(r"%% folded to stay within .*: (.*) became one", drawing)
    assert said == ([] if how is None else [how])
    if labels is None:
        assert (len(nodes), len(edges)) == (graph.number_of_nodes(), graph.number_of_edges())
    else:
        assert labels in nodes.values()
        # What is counted is everything: a node is one, or as many as it says.
        counted = {"tasks": 0, "queues": 0, "workers": 0, "routes": 0, "exchanges": 0}
        for node, label in nodes.items():
            match = re.match(r"([\d,]+) \w+: ", label)
            kind = node.rstrip("0123456789") + "s"
            counted[kind] += int(match.group(1).replace(",", "")) if match else 1
        assert sum(counted.values()) == graph.number_of_nodes()
        assert counted["tasks"] == sizes[0]


def test_mermaid_folds_what_is_too_long_to_show() -> None:
    # 61 edges, and names that need nine characters for one.
    names = {f"{'🐰' * 180}{n}": {} for n in range(30)}
    graph = graph_of({"queues": names, "workers": {"w": {"queues": list(names)}}})
    nodes, _ = parse_mermaid(drawn("mermaid", graph))
    assert "30 queues" in " ".join(nodes.values())


def test_mermaid_always_fits() -> None:
    # Every label as long as it gets, all kinds, all edges, nothing alike.
    names = {f"{n}{'🐰' * 250}": {} for n in range(60)}
    graph = graph_of(
        {
            "exchanges": {name: {"type": "topic", "alternate": name} for name in names},
            "queues": {
                f"q{name}": {"exchange": name, "routing_key": name, "dead_letter": name}
                for name in names
            },
            "routes": [{"task": f"{n}{n}*", "queue": f"q{name}"} for n, name in enumerate(names)],
            "tasks": {name: {"queue": f"q{name}", "uses": [name]} for name in names},
            "workers": {name: {"queues": [f"q{name}"], "machine": name} for name in names},
            "machines": names,
            "beat": {"schedule": {n: {"task": n, "every": "1s", "queue": f"q{n}"} for n in names}},
            "workflows": {name: {"chain": [name]} for name in names},
            "resources": {name: {"kind": "file", "lock": name} for name in names},
        }
    )
    parse_mermaid(drawn("mermaid", graph))


def test_text_keeps_each_name_on_its_line() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("queue:q", kind="queue", label="a\nb\x1b[31m\u202e👩\u200d🔬")
    assert drawn("text", graph).splitlines()[2:] == ["queue a\\nb\\x1b[31m\\u202e👩\u200d🔬"]


def test_text_names_every_node() -> None:
    for graph in (golden_graph(), hostile_graph()):
        lines = drawn("text", graph)
        for _, data in graph.nodes(data=True):
            assert f"{data['kind']} {text._clean(name(data))}" in lines


def test_text_shows_dead_letters_where_their_key_leads() -> None:
    graph = graph_of(
        {
            "exchanges": {"dead": {}},
            "queues": {
                "a": {"dead_letter": {"exchange": "dead", "routing_key": "a"}},
                "b": {"dead_letter": "dead"},
                "dead-a": {"exchange": "dead", "routing_key": "a"},
                "dead-b": {"exchange": "dead", "routing_key": "b"},
            },
        }
    )
    # b's dead letters keep their own key, which nobody knows.
    assert drawn("text", graph).partition("\n\nqueue dead-a")[2] == (
        "\n"
        "└─ bound to exchange dead (direct): a\n"
        "   ├─ gets the dead letters of queue a: a\n"
        "   └─ gets the dead letters of queue b\n\n"
        "queue dead-b\n"
        "└─ bound to exchange dead (direct): b\n"
        "   └─ gets the dead letters of queue b\n"
    )


@pytest.mark.parametrize(
    ("file", "style"),
    [
        ("a.txt", "text"), ("a.dot", "dot"), ("a.gv", "dot"), ("a.mmd", "mermaid"),
        ("A.JSON", "json"), ("dir.txt/a.mermaid", "mermaid"), (".dot", "dot"), ("a.svg.dot", "dot"),
    ],
)  # fmt: skip
def test_the_suffix_says_the_format(file: str, style: str) -> None:
    assert drawings.format_of(file).name == style


@pytest.mark.parametrize(
    ("file", "message", "way_out"),
    [
        ("a.dto", "no format has the suffix '.dto'", "did you mean 'dot'?"),
        ("a.xlsx", "no format has the suffix '.xlsx'", "suffixes are .txt, .dot, .gv"),
        ("graph", "it has no suffix", "or name one with --format"),
        ("x.dot/graph", "it has no suffix", "or name one with --format"),
        ("a.pdf", "no format has the suffix '.pdf'", "dot -Tpdf"),
    ],
)
def test_another_suffix_is_refused(file: str, message: str, way_out: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        drawings.format_of(file)
    assert message in str(caught.value)
    assert way_out in str(caught.value.help)
