"""What the tests of the graph share: building one from tables, and names that hurt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli

import qtopo
from qtopo.topology.topology import Topology

GOLDEN = Path(__file__).parents[2] / "golden" / "graph"

HOSTILE = (
    'a"b', "a\\", 'a\\"b', '"', "\\", "\\N", "\\G\\l", "$(touch x)", "%i", "${y}", "`id`",
    "<script>alert(1)</script>", "<b>x</b>", "a&amp;b", "&#64;", "&lt;i&gt;", "#quot;", "#35;",
    '%%{init: {"theme":"dark"}}%%', "fa:fa-bomb", "$$x^2$$", "1. one", "1) one", "- item",
    "+ item", "* star", "**bold**", "__dunder__", "~~gone~~", "# head", "> quote", "---", "===",
    "    code", "a  b", "[l](u)", "![i](u)", "end", "graph", "subgraph", "class", "click n0",
    "x]--> y", "a->b", "-->", "a;b", "a|b", "{a}", "a:b:c", "日本", "e\u0301",
    "🐰", "\u202eabc", "12",
)  # fmt: skip


def topology_of(data: dict[str, Any]) -> Topology:
    topology, findings = Topology.from_data(data)
    assert not findings, findings
    return topology


def graph_of(data: dict[str, Any]) -> Any:
    return qtopo.graph(topology_of(data))


def golden_graph() -> Any:
    return graph_of(tomli.loads((GOLDEN / "graph.toml").read_text()))


def hostile_graph(names: tuple[str, ...] = HOSTILE) -> Any:
    """Every name in every role; what they say of themselves is hostile too."""
    return graph_of(
        {
            "app": {"name": names[0]},
            "exchanges": {
                f"x{name}": {"type": "topic", "alternate": f"x{names[0]}"} for name in names
            },
            "queues": {
                name: {
                    "exchange": f"x{name}",
                    "routing_key": name,
                    "dead_letter": {"exchange": f"x{name}", "routing_key": name},
                    "description": f"{name}\n{name}\ttab",
                    "arguments": {name: name},
                }
                for name in names
            },
            "routes": [
                {"task": [f"{name}*", f"r.{name}"], "queue": name, "routing_key": name}
                for name in names
            ],
            "tasks": {f"t.{name}": {"queue": name, "uses": [name]} for name in names},
            "workers": {name: {"queues": [name], "machine": name} for name in names},
            "machines": {name: {} for name in names},
            "beat": {"schedule": {name: {"task": f"t.{name}", "every": "1m"} for name in names}},
            "workflows": {name: {"group": [f"t.{name}"]} for name in names},
            "resources": {name: {"kind": "file", "lock": name} for name in names},
        }
    )
