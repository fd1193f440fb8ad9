from __future__ import annotations

import pytest

from qtopo.topology.exchanges import Exchange
from qtopo.topology.queues import Queue
from qtopo.topology.topology import Topology


def findings(data):
    return Topology.from_data(data)[1]


def problems(data):
    return [(one.rule, one.at.path, one.at.part) for one in findings(data)]


def test_a_model_is_frozen():
    queue = Queue(name="a")
    with pytest.raises(AttributeError, match="immutable"):
        queue.exchange = "x"
    with pytest.raises(TypeError):
        Topology().queues["a"] = queue  # type: ignore[index]


def test_replace_gives_a_changed_copy():
    exchange = Exchange(name="a", type="topic")
    assert exchange.replace(durable=False) == Exchange(name="a", type="topic", durable=False)
    assert exchange.durable


def test_models_of_different_kinds_are_never_equal():
    assert Exchange(name="a") != Queue(name="a")


def test_an_unknown_field_is_refused():
    with pytest.raises(TypeError, match="colour"):
        Queue(name="a", colour="red")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("data", "rule", "path", "part"),
    [
        ({"queues": {"a": {"max_lenght": 1}}}, "unknown-key", ("queues", "a", "max_lenght"), "key"),
        (
            {"queues": {"a": {"max_length": "1"}}},
            "wrong-type",
            ("queues", "a", "max_length"),
            "value",
        ),
        (
            {"queues": {"a": {"max_length": True}}},
            "wrong-type",
            ("queues", "a", "max_length"),
            "value",
        ),
        (
            {"queues": {"a": {"max_length": -1}}},
            "invalid-value",
            ("queues", "a", "max_length"),
            "value",
        ),
        (
            {"queues": {"a": {"message_ttl": "1x"}}},
            "invalid-unit",
            ("queues", "a", "message_ttl"),
            "value",
        ),
        (
            {"queues": {"a": {"message_ttl": 5}}},
            "wrong-type",
            ("queues", "a", "message_ttl"),
            "value",
        ),
        (
            {"queues": {"a": {"expires": "0s"}}},
            "invalid-value",
            ("queues", "a", "expires"),
            "value",
        ),
        ({"queues": {"a": {"type": "qourum"}}}, "invalid-value", ("queues", "a", "type"), "value"),
        ({"queues": {"a\nb": {}}}, "invalid-name", ("queues", "a\nb"), "key"),
        ({"queues": {"": {}}}, "invalid-name", ("queues", ""), "key"),
        ({"queues": {"a": 3}}, "wrong-type", ("queues", "a"), "value"),
        ({"queues": []}, "wrong-type", ("queues",), "value"),
        ({"workers": {"w": {}}}, "missing-key", ("workers", "w"), "table"),
        ({"workers": {"w": {"queues": []}}}, "invalid-value", ("workers", "w", "queues"), "value"),
        (
            {"workers": {"w": {"queues": ["a"], "concurrency": 0}}},
            "invalid-value",
            ("workers", "w", "concurrency"),
            "value",
        ),
        (
            {"workers": {"w": {"queues": ["a"], "env": {"A-B": "x"}}}},
            "invalid-name",
            ("workers", "w", "env", "A-B"),
            "key",
        ),
        (
            {"workers": {"w": {"queues": ["a"], "env": {"A": "x\ny"}}}},
            "invalid-value",
            ("workers", "w", "env", "A"),
            "value",
        ),
        (
            {"workers": {"w": {"queues": ["a"], "shutdown": "drian"}}},
            "invalid-value",
            ("workers", "w", "shutdown"),
            "value",
        ),
        (
            {"workers": {"w": {"queues": ["a"], "shutdown": {"soft": "1s", "drain": "2s"}}}},
            "conflicting-keys",
            ("workers", "w", "shutdown", "soft"),
            "key",
        ),
        (
            {
                "workers": {
                    "w": {"queues": ["a"], "concurrency": 1, "autoscale": {"min": 1, "max": 2}}
                }
            },
            "conflicting-keys",
            ("workers", "w", "autoscale"),
            "key",
        ),
        ({"routes": [{"queue": "a"}]}, "missing-key", ("routes", 0), "table"),
        (
            {"routes": [{"task": "a", "priority": 10}]},
            "invalid-value",
            ("routes", 0, "priority"),
            "value",
        ),
        (
            {"routes": [{"task": {"regex": "("}}]},
            "invalid-value",
            ("routes", 0, "task", "regex"),
            "value",
        ),
        ({"routes": {"task": "a"}}, "wrong-type", ("routes",), "value"),
        ({"routes": [{"task": ["a", 3]}]}, "wrong-type", ("routes", 0, "task", 1), "value"),
        (
            {"exchanges": {"a": {"type": "topik"}}},
            "invalid-value",
            ("exchanges", "a", "type"),
            "value",
        ),
        ({"broker": {"url": "amqp://u:secret@h"}}, "secret-in-file", ("broker", "url"), "value"),
        ({"broker": {"url": "localhost"}}, "invalid-value", ("broker", "url"), "value"),
        ({"broker": {"transport": "rabbit"}}, "invalid-value", ("broker", "transport"), "value"),
        (
            {"broker": {"options": {"a": float("nan")}}},
            "invalid-value",
            ("broker", "options", "a"),
            "value",
        ),
        (
            {"broker": {"options": {"a": 2**64}}},
            "invalid-value",
            ("broker", "options", "a"),
            "value",
        ),
        (
            {"beat": {"schedule": {"a": {"task": "t"}}}},
            "missing-key",
            ("beat", "schedule", "a"),
            "table",
        ),
        (
            {"beat": {"schedule": {"a": {"task": "t", "every": "1s", "crontab": "* * * * *"}}}},
            "conflicting-keys",
            ("beat", "schedule", "a", "every"),
            "key",
        ),
        (
            {"workflows": {"a": {"chain": ["x", {"chord": {"header": ["x"]}}]}}},
            "missing-key",
            ("workflows", "a", "chain", 1, "chord"),
            "table",
        ),
        ({"workflows": {"a": {}}}, "missing-key", ("workflows", "a"), "table"),
        ({"tasks": {"a": {"cpu": float("inf")}}}, "invalid-value", ("tasks", "a", "cpu"), "value"),
        ({"workres": {}}, "unknown-key", ("workres",), "key"),
    ],
)
def test_each_error_of_shape_has_its_rule_and_place(data, rule, path, part):
    assert problems(data) == [(rule, path, part)]


def test_all_errors_come_in_one_run():
    data = {
        "queues": {"a": {"x": 1, "max_length": "y", "expires": "z"}, "b": []},
        "workers": {"w": {"pool": "green"}},
        "nonsense": 1,
    }
    assert len(findings(data)) == 7


def test_a_typo_gets_a_suggestion():
    (finding,) = findings({"queues": {"a": {"routng_key": "x"}}})
    assert finding.help == "did you mean 'routing_key'?"


def test_a_password_is_not_repeated():
    (finding,) = findings({"broker": {"url": "amqp://user:hunter2@host"}})
    assert "hunter2" not in repr(finding)


def test_a_broken_table_still_counts_as_declared():
    topology, _ = Topology.from_data(
        {"queues": {"a": 3, "b": {"x": 1}}, "routes": [3, {"task": "t"}]}
    )
    assert list(topology.queues) == ["a", "b"]
    assert topology.routes[1].task == "t"


@pytest.mark.parametrize("queues", [{}, {"queues": "a"}, {"queues": []}])
def test_a_required_list_that_cannot_be_read_is_empty(queues):
    topology, findings = Topology.from_data({"workers": {"w": queues}})
    assert len(findings) == 1
    assert topology.workers["w"].queues == ()
    assert not topology.wiring.consumers


def test_another_required_key_that_cannot_be_read_is_none():
    topology, findings = Topology.from_data(
        {"routes": [{}], "resources": {"r": {}}, "beat": {"schedule": {"e": {"every": "1m"}}}}
    )
    assert len(findings) == 3
    assert topology.routes[0].task is None
    assert topology.resources["r"].kind is None
    assert topology.beat.schedule["e"].task is None


def test_shorthands_and_whole_forms_mean_the_same():
    short, _ = Topology.from_data(
        {"tasks": {"t": {"duration": "40s"}}, "queues": {"a": {"dead_letter": "x"}}}
    )
    whole, _ = Topology.from_data(
        {
            "tasks": {"t": {"duration": {"mean": "40s"}}},
            "queues": {"a": {"dead_letter": {"exchange": "x"}}},
        }
    )
    assert short == whole


def test_deep_nesting_is_an_error_not_a_crash():
    step: object = "t"
    for _ in range(300):
        step = {"chain": [step]}
    value: object = 1
    for _ in range(300):
        value = [value]
    rules = {one.rule for one in findings({"workflows": {"a": step}, "settings": {"b": value}})}
    assert rules == {"invalid-value"}
