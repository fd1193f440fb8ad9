"""The rules see tables in the order of their names."""

from __future__ import annotations

from types import MappingProxyType

from qtopo.rules import engine
from qtopo.rules.order import by_name, plain
from qtopo.topology.topology import Topology

DATA = {
    "queues": {"b": {}, "a": {}},
    "tasks": {"two": {}, "one": {}},
    "routes": [{"task": "z", "queue": "b"}, {"task": "y", "queue": "a"}],
    "workers": {"w": {"queues": ["b", "a"]}},
    "beat": {"schedule": {"n": {"task": "z", "every": "1m"}, "m": {"task": "y", "every": "1m"}}},
}


def test_tables_are_sorted_and_lists_are_not() -> None:
    topology, _ = Topology.from_data(DATA, source="here", environment="staging")
    ordered = by_name(topology)
    assert ordered == topology
    assert (ordered.source, ordered.environment) == ("here", "staging")
    assert list(ordered.queues) == list(ordered.wiring.bindings) == ["a", "b"]
    assert list(ordered.tasks) == ["one", "two"]
    assert ordered.beat is not None
    assert list(ordered.beat.schedule) == ["m", "n"]
    assert [one.task for one in ordered.routes] == ["z", "y"]
    assert ordered.workers["w"].queues == ("b", "a")
    assert list(topology.queues) == ["b", "a"]


def test_what_is_sorted_already_is_not_copied() -> None:
    ordered = by_name(Topology.from_data(DATA)[0])
    assert by_name(ordered) is ordered


def test_a_raw_value_reads_as_toml_has_it() -> None:
    value = MappingProxyType({"b": (1, MappingProxyType({})), "a": "x"})
    assert repr(plain(value)) == "{'a': 'x', 'b': [1, {}]}"


def test_a_table_where_a_name_belongs_is_no_crash() -> None:
    options = {"unacked_key": {"x": 1}, "unacked_index_key": [{}]}
    topology, wrong = Topology.from_data(
        {"broker": {"transport": "redis", "options": options}, "queues": {"unacked": {}}}
    )
    assert not wrong
    assert not engine.run(topology).faults


def test_a_route_that_names_no_task_has_no_name_in_a_sentence() -> None:
    for task in ({}, {"task": 5}, {"task": {"regex": "("}}, {"task": [5]}):
        topology, wrong = Topology.from_data({"routes": [{**task, "queue": "gone"}]})
        found = {one.rule: one.message for one in engine.run(topology, wrong).findings}
        assert found["route-unknown-queue"] == "a route names queue 'gone', which is not declared"
