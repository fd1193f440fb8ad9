"""Differences: what is told apart, what is not, and how each drawing shows it."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from typing import Any

import networkx as nx
import pytest
from drawn import HOSTILE, golden_graph, graph_of, hostile_graph, topology_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qtopo
from qtopo.graph import dot, drawings, mermaid, text
from qtopo.graph.captions import change_lines, summary, tooltip
from qtopo.graph.difference import counts, difference, only_changes
from qtopo.graph.selectors import select, subgraph
from strategies import topologies

OLD: dict[str, Any] = {
    "app": {"name": "shop"},
    "broker": {"transport": "rabbitmq"},
    "defaults": {"queue": "default"},
    "queues": {"default": {}, "emails": {"message_ttl": "1h"}, "gone": {}},
    "routes": [
        {"task": "shop.emails.*", "queue": "emails"},
        {"task": "shop.old.*", "queue": "gone"},
        {"task": "shop.kept", "queue": "default"},
    ],
    "tasks": {"shop.emails.send": {"duration": "1s"}, "shop.ping": {}},
    "workers": {"main": {"queues": ["default", "emails", "gone"], "concurrency": 2}},
}
NEW: dict[str, Any] = {
    **OLD,
    "queues": {"default": {}, "emails": {"message_ttl": "2h"}, "fresh": {}},
    "routes": [
        {"task": "shop.ping", "queue": "fresh"},
        {"task": "shop.emails.*", "queue": "emails"},
        {"task": "shop.kept", "queue": "default"},
    ],
    "workers": {"main": {"queues": ["default", "emails", "fresh"], "concurrency": 4}},
}


def changed(graph: Any) -> dict[str, str]:
    return {
        node: data["change"] for node, data in graph.nodes(data=True) if data["change"] != "same"
    }


def changed_edges(graph: Any) -> set[tuple[str, str, str]]:
    return {
        (start, end, data["change"])
        for start, end, data in graph.edges(data=True)
        if data["change"] != "same"
    }


def test_what_is_added_removed_and_changed() -> None:
    both = difference(graph_of(OLD), graph_of(NEW))
    assert changed(both) == {
        "route:shop.ping": "added",
        "route:shop.old.*": "removed",
        "exchange:fresh": "added",
        "exchange:gone": "removed",
        "queue:emails": "changed",
        "queue:fresh": "added",
        "queue:gone": "removed",
        "worker:main": "changed",
    }
    assert both.nodes["queue:emails"]["changes"] == {"message_ttl": [3600.0, 7200.0]}
    assert both.nodes["worker:main"]["changes"] == {"concurrency": [2, 4]}
    assert changed_edges(both) == {
        ("task:shop.ping", "route:shop.ping", "added"),
        ("route:shop.ping", "exchange:fresh", "added"),
        ("exchange:fresh", "queue:fresh", "added"),
        ("queue:fresh", "worker:main", "added"),
        ("task:shop.ping", "exchange:default", "removed"),
        ("route:shop.old.*", "exchange:gone", "removed"),
        ("exchange:gone", "queue:gone", "removed"),
        ("queue:gone", "worker:main", "removed"),
    }
    assert counts(both) == {"added": 7, "removed": 7, "changed": 2}
    assert summary(both) == "7 added, 7 removed, 2 changed"


def test_a_route_that_moved_is_the_same_and_two_alike_are_two() -> None:
    routes = [{"task": "a", "queue": "q"}, {"task": "b", "queue": "q"}]
    data = {"queues": {"q": {}}, "routes": routes}
    both = difference(graph_of(data), graph_of({**data, "routes": routes[::-1]}))
    assert changed(both) == {}
    twice = difference(graph_of(data), graph_of({**data, "routes": [routes[0], *routes]}))
    assert changed(twice) == {"route:a (2)": "added"}
    # The name that is made up is not another's.
    odd = [*routes, {"task": "a (2)", "queue": "q"}, {"task": "a", "queue": "q"}]
    names = set(difference(graph_of(data), graph_of({**data, "routes": odd})))
    assert {"route:a", "route:b", "route:a (2)", "route:a (3)"} <= names


def test_what_is_no_longer_declared_says_only_that() -> None:
    worker = {"workers": {"w": {"queues": ["q"]}}}
    old = graph_of({"queues": {"q": {"max_priority": 5}}, **worker})
    both = difference(old, graph_of(worker))
    assert both.nodes["queue:q"]["changes"] == {"missing": [None, True]}
    assert change_lines(both.nodes["queue:q"]) == ["declared before"]
    again = difference(graph_of(worker), old)
    assert change_lines(again.nodes["queue:q"]) == ["not declared before"]


def test_an_edge_that_stays_may_lead_to_other_queues() -> None:
    def graph(key: str) -> Any:
        return graph_of(
            {
                "exchanges": {"x": {"type": "topic"}},
                "queues": {
                    "a": {"exchange": "x", "routing_key": "a"},
                    "b": {"exchange": "x", "routing_key": "b"},
                },
                "routes": [{"task": "t", "queue": "a", "routing_key": key}],
                "tasks": {"t": {}},
            }
        )

    both = difference(graph("a"), graph("b"))
    ((_, _, data),) = [edge for edge in both.edges(data=True) if edge[2]["kind"] == "publishes"]
    assert data["change"] == "changed"
    assert data["changes"]["delivered_to"] == [["a"], ["b"]]
    assert select(both, ["task:t+,kind:queue"]) == {"queue:a", "queue:b"}
    drawn = text.draw(both)
    assert "- └─ gets route t (route 0) → b" in drawn
    assert "+ └─ gets route t (route 0) → b" in drawn


def test_long_changes_are_cut_and_secrets_are_not_shown() -> None:
    data = {
        "kind": "queue", "label": "q", "change": "changed",
        "changes": {
            "url": [None, "amqp://me:hush@host"], "a": ["x" * 99, True], "b": [1, 2], "c": [1, 2],
        },
    }  # fmt: skip
    lines = change_lines(data)
    assert lines == [
        "url: not set → amqp://me:****@host", f"a: {'x' * 59}… → true", "b: 1 → 2", "and 1 more",
    ]  # fmt: skip
    assert "c: 1 → 2" in tooltip(data).splitlines()
    assert "hush" not in tooltip(data)


def test_only_changes_are_what_changed_and_its_neighbours() -> None:
    both = difference(graph_of(OLD), graph_of(NEW))
    near = only_changes(both)
    assert near >= set(changed(both)) | {"task:shop.ping", "exchange:default", "exchange:emails"}
    assert near.isdisjoint({"route:shop.kept", "task:shop.emails.send"})
    part = subgraph(both, near)
    assert counts(part) == counts(both)
    same = difference(graph_of(OLD), graph_of(OLD))
    assert only_changes(same) == set()
    assert summary(same) == "nothing changed"


def test_each_drawing_says_what_changed_in_words() -> None:
    both = difference(graph_of(OLD), graph_of(NEW))
    tree = text.draw(both, unicode=False)
    assert "~ queue emails (TTL 2h)\n~ |- message_ttl: 1h -> 2h\n" in tree
    assert "+ queue fresh\n+ |- bound to exchange fresh (direct)\n" in tree
    assert "- queue gone\n" in tree
    assert re.search(r"^\+ [|`]- gets route shop.ping", tree, re.M)
    assert all(line[:2] in ("+ ", "- ", "~ ", "  ", "") for line in tree.splitlines()[1:])
    chart = mermaid.draw(both)
    assert '("fresh<br>added, queue")]:::added' in chart
    assert '("emails<br>changed, queue, TTL 2h<br>message#95;ttl#58; 1h #8594; 2h")]' in chart
    assert re.search(r'task\d -\.->\|"removed"\| exchange\d', chart)
    for word in ("added", "removed", "changed"):
        assert f"classDef {word} " in chart
    picture = dot.draw(both)
    assert 'label="gone\\nremoved"' in picture
    assert 'label="emails\\nchanged, TTL 2h\\nmessage_ttl: 1h → 2h"' in picture
    data = json.loads(drawings.draw(drawings.WORDS["json"], both))
    (mail,) = [node for node in data["nodes"] if node["id"] == "queue:emails"]
    assert (mail["change"], mail["changes"]) == ("changed", {"message_ttl": [3600.0, 7200.0]})
    assert {edge["change"] for edge in data["edges"]} == {"same", "added", "removed"}


# Two whole topologies are drawn, of which each throws away what is not valid.
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(topologies(), topologies())
def test_a_difference_holds_both_and_reads_the_same_backwards(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    old, new = qtopo.graph(topology_of(one)), qtopo.graph(topology_of(other))
    facts = [copy.deepcopy(dict(graph.nodes(data=True))) for graph in (old, new)]
    there, back = difference(old, new), difference(new, old)
    assert [dict(graph.nodes(data=True)) for graph in (old, new)] == facts
    turned = {"added": "removed", "removed": "added", "changed": "changed", "same": "same"}
    assert {node: turned[data["change"]] for node, data in there.nodes(data=True)} == {
        node: data["change"] for node, data in back.nodes(data=True)
    }
    for graph, gone, all_nodes, all_edges in (
        (old, "added", old.number_of_nodes(), old.number_of_edges()),
        (new, "removed", new.number_of_nodes(), new.number_of_edges()),
    ):
        nodes = [node for node, data in there.nodes(data=True) if data["change"] != gone]
        edges = [one for *_, one in there.edges(data=True) if one["change"] != gone]
        assert (len(nodes), len(edges)) == (all_nodes, all_edges)
        assert sorted(graph.nodes[node]["label"] for node in graph) == sorted(
            there.nodes[node]["label"] for node in nodes
        )
    for node, data in there.nodes(data=True):
        assert ("changes" in data) == (data["change"] == "changed"), node
    assert changed(difference(old, old)) == {}
    assert changed_edges(difference(new, new)) == set()
    for word in ("text", "dot", "mermaid", "json"):
        assert drawings.draw(drawings.WORDS[word], there)
    assert only_changes(there) >= set(changed(there))


def test_a_large_difference_is_folded_and_what_changed_stays_apart() -> None:
    def graph(first: int, last: int) -> Any:
        return graph_of(
            {
                "queues": {"q": {}},
                "routes": [{"task": "a.*", "queue": "q"}],
                "tasks": {f"a.t{n}": {} for n in range(first, last)},
            }
        )

    both = difference(graph(0, 800), graph(100, 900))
    chart = mermaid.draw(both)
    assert "700 tasks#58;" in chart
    assert len(re.findall(r'"100 tasks#58;[^"]*"\]:::(added|removed)', chart)) == 2


def hostile_difference() -> Any:
    new = HOSTILE[1:]
    return difference(hostile_graph(HOSTILE[:-1]), hostile_graph(new))


def test_hostile_names_in_a_difference_are_text() -> None:
    both = hostile_difference()
    for _, data in both.nodes(data=True):
        if data["change"] == "changed":
            data["changes"] = {key: list(pair) for key, pair in data["changes"].items()}
    for node in list(both)[::7]:
        both.nodes[node].update(change="changed", changes={HOSTILE[6]: [HOSTILE[0], HOSTILE[11]]})
    chart = mermaid.draw(both)
    assert "<script" not in chart
    for line in chart.splitlines():
        for label in re.findall(r'"([^"]*)"', line):
            assert re.fullmatch(r"(?:[^\W_]|#[0-9]+;|[ .,/()=+\-×…]|<br>)*", label), label
    for line in text.draw(both).splitlines()[2:]:
        assert line == "" or line[:2] in ("+ ", "- ", "~ ", "  ")
    again = nx.node_link_graph(
        json.loads(drawings.draw(drawings.WORDS["json"], both)), edges="edges"
    )
    assert nx.utils.graphs_equal(again, both)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_what_is_drawn() -> None:
    for graph in (golden_graph(), hostile_graph(HOSTILE[:12]), hostile_difference()):
        done = subprocess.run(
            ["dot", "-Tcanon"],
            input=dot.draw(graph).encode(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")


@given(st.booleans(), st.booleans())
def test_colours_are_only_colours(unicode: bool, compared: bool) -> None:
    graph = difference(graph_of(OLD), graph_of(NEW)) if compared else golden_graph()
    plain = text.draw(graph, unicode=unicode)
    coloured = text.draw(graph, unicode=unicode, color=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[[\d;]+m", "", coloured) == plain


def test_a_part_of_a_graph_names_each_of_its_nodes() -> None:
    graph = golden_graph()
    for expression in ("kind:task", "kind:route", "+queue:emails", "kind:exchange kind:beat"):
        part = subgraph(graph, select(graph, [expression]))
        drawn = text.draw(part)
        for _, data in part.nodes(data=True):
            assert f"{data['kind']} {data['label']}" in drawn, expression
