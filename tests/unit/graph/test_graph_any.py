"""Whatever the file: every declared thing is in the graph, and nothing crashes."""

from __future__ import annotations

from typing import Any

import networkx as nx
from drawn import topology_of
from hypothesis import given, settings
from hypothesis import strategies as st

import qtopo
from qtopo.graph import drawings
from qtopo.graph.layers import LAYERS
from qtopo.topology.beat import Beat, Entry
from qtopo.topology.exchanges import Binding, Exchange
from qtopo.topology.queues import Queue
from qtopo.topology.routes import Regex, Route
from qtopo.topology.tasks import Task
from qtopo.topology.topology import Topology
from qtopo.topology.workers import Worker
from qtopo.topology.workflows import Chord, Workflow
from strategies import topologies


def declared(topology: Topology) -> list[str]:
    beat = {} if topology.beat is None else topology.beat.schedule
    tables = {
        "beat": beat,
        "workflow": topology.workflows,
        "task": topology.known_tasks(),
        "route": range(len(topology.routes)),
        "exchange": topology.wiring.exchanges,
        "queue": topology.queues,
        "worker": topology.workers,
        "machine": topology.machines,
        "resource": topology.resources,
    }
    return [f"{kind}:{name}" for kind, table in tables.items() for name in table]


@settings(max_examples=60, deadline=None)
@given(topologies())
def test_every_declared_thing_is_there_once_and_leads_somewhere(data: dict[str, Any]) -> None:
    topology = topology_of(data)
    graph = qtopo.graph(topology)
    # Tasks that are only waited for are known by name too.
    waited = {f"task:{name}" for task in topology.tasks.values() for name in task.waits_for}
    assert {*declared(topology)} <= {*graph} <= {*declared(topology)} | waited
    kinds = {layer.kind for layer in LAYERS}
    assert all(data["kind"] in kinds and data["label"] for _, data in graph.nodes(data=True))
    assert all(data["kind"] and "label" in data for *_, data in graph.edges(data=True))
    # Whatever is sent goes by as many edges as Celery takes decisions: one.
    for task in topology.known_tasks():
        routed = qtopo.route(topology, task)
        ways = [
            (end, edge)
            for _, end, edge in graph.out_edges(f"task:{task}", data=True)
            if edge["kind"] in ("decides", "publishes")
        ]
        ((end, way),) = ways
        if way["kind"] == "decides":
            assert routed.decided_by.path == ("routes", int(end.removeprefix("route:")))
            ((end, way),) = [(to, sent) for _, to, sent in graph.out_edges(end, data=True)]
        assert way["queue"] == routed.queue
        assert way["delivered_to"] == list(routed.delivered_to)
        assert (way["exchange"], way["routing_key"]) == routed.publish[:2]
        for queue in routed.delivered_to:
            assert nx.has_path(graph, f"task:{task}", f"queue:{queue}")


TEXTS = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.sampled_from(["a", "b", "c"]))
MODELS = (Exchange, Binding, Queue, Route, Regex, Task, Worker, Beat, Entry, Workflow, Chord)
KEYS = sorted({"a", "b", *(key for model in MODELS for key in model.KEYS)})
TABLES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from([*Topology.SECTIONS, "routes", "beat", "defaults"]), TABLES))
def test_what_is_left_of_a_broken_file_has_a_graph_too(data: dict[str, Any]) -> None:
    graph = qtopo.graph(Topology.from_data(data)[0])
    for style in drawings.FORMATS:
        assert drawings.draw(style, graph)
