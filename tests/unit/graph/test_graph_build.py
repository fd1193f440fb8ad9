"""The graph itself: every thing once, every edge with its meaning."""

from __future__ import annotations

from typing import Any

import pytest
from drawn import graph_of

from qtopo.graph import drawings


def edges(graph: Any, kind: str) -> list[tuple[str, str, str]]:
    return [
        (start, end, data["label"])
        for start, end, data in graph.edges(data=True)
        if data["kind"] == kind
    ]


def edge(graph: Any, kind: str) -> dict[str, Any]:
    (found,) = [data for _, _, data in graph.edges(data=True) if data["kind"] == kind]
    return found


def test_a_task_reaches_its_worker_over_its_route_and_the_queues_own_exchange() -> None:
    graph = graph_of(
        {
            "queues": {"emails": {}},
            "routes": [{"task": "shop.*", "queue": "emails"}],
            "tasks": {"shop.send": {}},
            "workers": {"w": {"queues": ["emails"]}},
        }
    )
    assert [(s, e, d["kind"], d["label"]) for s, e, d in graph.edges(data=True)] == [
        ("task:shop.send", "route:0", "decides", ""),
        ("route:0", "exchange:emails", "publishes", "emails"),
        ("exchange:emails", "queue:emails", "binds", "emails"),
        ("queue:emails", "worker:w", "consumes", ""),
    ]
    assert graph.nodes["exchange:emails"]["implicit"] is True
    assert graph.nodes["exchange:emails"]["path"] == ["queues", "emails"]


def test_a_direct_exchange_is_drawn_with_the_binding_key_and_says_what_goes_on_the_wire() -> None:
    # Celery goes through the anonymous exchange and does not look at the route's key.
    graph = graph_of(
        {
            "exchanges": {"x": {}},
            "queues": {"q": {"exchange": "x", "routing_key": "k"}},
            "routes": [{"task": "a", "queue": "q", "routing_key": "ignored"}],
        }
    )
    assert edges(graph, "publishes") == [("route:0", "exchange:x", "k")]
    sent = edge(graph, "publishes")
    assert (sent["queue"], sent["exchange"], sent["routing_key"]) == ("q", "", "q")
    assert sent["delivered_to"] == ["q"]


def test_a_topic_exchange_is_drawn_with_the_routes_key_and_what_it_reaches() -> None:
    graph = graph_of(
        {
            "exchanges": {"x": {"type": "topic"}},
            "queues": {
                "q": {"exchange": "x", "routing_key": "a.*"},
                "all": {"exchange": "x", "routing_key": "#"},
                "other": {"exchange": "x", "routing_key": "b.*"},
            },
            "routes": [{"task": "t", "queue": "q", "routing_key": "a.b"}],
        }
    )
    assert edges(graph, "publishes") == [("route:0", "exchange:x", "a.b")]
    assert edge(graph, "publishes")["delivered_to"] == ["q", "all"]


def test_a_queue_with_bindings_and_no_key_is_reached_by_its_name() -> None:
    bindings = [{"exchange": "x", "routing_key": key} for key in ("a", "b")]
    graph = graph_of(
        {
            "exchanges": {"x": {"type": "topic"}},
            "queues": {"q": {"bindings": bindings}},
            "routes": [
                {"task": "t", "queue": "q"},
                {"task": "u", "queue": "q", "routing_key": "a"},
            ],
        }
    )
    assert edges(graph, "publishes") == [
        ("route:0", "queue:q", ""),
        ("route:1", "exchange:x", "a"),
    ]
    assert edges(graph, "binds") == [("exchange:x", "queue:q", "a"), ("exchange:x", "queue:q", "b")]


def test_a_tasks_own_queue_and_the_default_need_no_route() -> None:
    graph = graph_of(
        {"queues": {"celery": {}, "q": {}}, "tasks": {"own": {"queue": "q"}, "other": {}}}
    )
    assert [(s, e, d["decided_by"]) for s, e, d in graph.edges(data=True) if "decided_by" in d] == [
        ("task:own", "exchange:q", "task"),
        ("task:other", "exchange:celery", "default"),
    ]


def test_the_pattern_that_matched_is_named_where_a_route_has_several() -> None:
    graph = graph_of(
        {
            "queues": {"celery": {}},
            "routes": [{"task": ["a.*", "b.*", "exact"]}, {"task": {"regex": "c+"}}],
            "tasks": {"a.x": {}, "b.x": {}, "cc": {}},
        }
    )
    assert edges(graph, "decides") == [
        ("task:a.x", "route:0", "a.*"),
        ("task:b.x", "route:0", "b.*"),
        ("task:cc", "route:1", ""),
        ("task:exact", "route:0", ""),
    ]
    assert graph.nodes["route:0"]["label"] == "a.*, b.*, exact"
    assert graph.nodes["route:1"]["label"] == "re:c+"
    assert graph.nodes["route:1"]["match"] == "regex"


@pytest.mark.parametrize(
    ("queue", "end", "label", "delivered"),
    [
        ({"dead_letter": {"exchange": "x", "routing_key": "k"}}, "exchange:x", "k", ["dead"]),
        ({"dead_letter": "x"}, "exchange:x", "", None),
        ({"arguments": {"x-dead-letter-exchange": "x"}}, "exchange:x", "", None),
        (
            {"arguments": {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}},
            "queue:dead",
            "dead",
            ["dead"],
        ),
    ],
)
def test_dead_letters(queue: dict[str, Any], end: str, label: str, delivered: Any) -> None:
    graph = graph_of(
        {
            "exchanges": {"x": {}},
            "queues": {"q": queue, "dead": {"exchange": "x", "routing_key": "k"}},
        }
    )
    assert edges(graph, "dead-letter") == [("queue:q", end, label)]
    assert edge(graph, "dead-letter").get("delivered_to") == delivered


@pytest.mark.parametrize(
    "exchange", [{"alternate": "y"}, {"arguments": {"alternate-exchange": "y"}}]
)
def test_alternate(exchange: dict[str, Any]) -> None:
    graph = graph_of({"exchanges": {"x": exchange, "y": {}}})
    assert edges(graph, "alternate") == [("exchange:x", "exchange:y", "")]


def test_exchanges_lead_to_the_exchange_that_receives() -> None:
    graph = graph_of(
        {
            "exchanges": {
                "from": {"type": "topic"},
                "heads": {"type": "headers"},
                "to": {
                    "bindings": [
                        {"exchange": "from", "routing_key": "a.#"},
                        {"exchange": "heads", "arguments": {"x-match": "any", "n": 1}},
                    ]
                },
            }
        }
    )
    assert edges(graph, "exchange-binding") == [
        ("exchange:from", "exchange:to", "a.#"),
        ("exchange:heads", "exchange:to", "x-match=any, n=1"),
    ]


def test_a_fanout_exchange_asks_for_no_key() -> None:
    graph = graph_of(
        {
            "exchanges": {"x": {"type": "fanout"}},
            "queues": {"q": {"exchange": "x"}, "b": {"broadcast": True}},
            "routes": [{"task": "t", "queue": "b"}],
        }
    )
    assert edges(graph, "binds") == [("exchange:x", "queue:q", ""), ("exchange:b", "queue:b", "")]
    assert edges(graph, "publishes") == [("route:0", "exchange:b", "")]


def test_beat_sends_and_goes_its_own_way_where_it_names_a_queue() -> None:
    graph = graph_of(
        {
            "queues": {"celery": {}, "q": {}},
            "beat": {
                "schedule": {
                    "a": {"task": "t", "every": "90s"},
                    "b": {"task": "t", "crontab": "0 3 * * *", "queue": "q"},
                    "c": {
                        "task": "u",
                        "solar": {"event": "dusk_civil", "latitude": 1, "longitude": 2},
                    },
                }
            },
        }
    )
    assert edges(graph, "sends") == [
        ("beat:a", "task:t", "every 90s"),
        ("beat:b", "task:t", "0 3 * * *"),
        ("beat:c", "task:u", "dusk civil"),
    ]
    assert ("beat:b", "exchange:q", "q") in edges(graph, "publishes")
    assert [d["overrides"] for _, _, d in graph.edges(data=True) if d["kind"] == "sends"] == [
        False,
        True,
        False,
    ]
    assert graph.nodes["task:u"]["path"] == ["beat", "schedule", "c", "task"]


def test_steps_of_a_workflow_say_their_place() -> None:
    chord = {"chord": {"header": ["b", {"chain": ["c", "d"]}], "body": {"chain": ["e", "f"]}}}
    inner = {"group": [{"group": ["g", "h"]}, *(f"i{n}" for n in range(26))]}
    graph = graph_of({"workflows": {"w": {"chain": ["a", chord, inner]}, "g": {"group": ["a"]}}})
    labels = {end: label for start, end, label in edges(graph, "step") if start == "workflow:w"}
    assert [labels[f"task:{name}"] for name in "abcdefgh"] == [
        "1", "2a", "2b.1", "2b.2", "2 then.1", "2 then.2", "3a.a", "3a.b",
    ]  # fmt: skip
    assert labels["task:i0"] == "3b"
    assert labels["task:i25"] == "3aa"
    assert ("workflow:g", "task:a", "a") in edges(graph, "step")


def test_workers_machines_resources_and_waiting() -> None:
    graph = graph_of(
        {
            "queues": {"q": {}},
            "workers": {
                "w": {"queues": ["q", "q"], "machine": "m", "pool": "solo"},
                "off": {"queues": ["q"], "replicas": 0},
            },
            "machines": {"m": {"memory": "1GB"}},
            "tasks": {"t": {"queue": "q", "uses": ["r"], "waits_for": ["u"]}},
            "resources": {"r": {"kind": "file"}},
        }
    )
    assert [
        (s, e, d["active"]) for s, e, d in graph.edges(data=True) if d["kind"] == "consumes"
    ] == [
        ("queue:q", "worker:w", True),
        ("queue:q", "worker:off", False),
    ]
    assert edges(graph, "runs-on") == [("worker:w", "machine:m", "")]
    assert edges(graph, "uses") == [("task:t", "resource:r", "")]
    assert edges(graph, "waits-for") == [("task:t", "task:u", "")]
    assert graph.nodes["machine:m"]["memory"] == 10**9
    assert graph.nodes["worker:w"]["pool"] == "solo"
    assert graph.nodes["resource:r"]["resource_kind"] == "file"


def test_nodes_say_what_the_file_says() -> None:
    graph = graph_of(
        {
            "queues": {
                "q": {
                    "type": "quorum",
                    "message_ttl": "1h",
                    "arguments": {"x-a": {"b": [1]}},
                    "owner": "us",
                    "description": "why",
                }
            }
        }
    )
    assert graph.nodes["queue:q"] == {
        "kind": "queue",
        "label": "q",
        "path": ["queues", "q"],
        "type": "quorum",
        "durable": True,
        "exclusive": False,
        "auto_delete": False,
        "broadcast": False,
        "parking": False,
        "single_active_consumer": False,
        "message_ttl": 3600.0,
        "arguments": {"x-a": {"b": [1]}},
        "owner": "us",
        "description": "why",
    }


def test_what_is_named_and_not_declared_is_there_as_missing() -> None:
    graph = graph_of(
        {
            "exchanges": {"x": {"alternate": "no-a", "bindings": [{"exchange": "no-b"}]}},
            "queues": {
                "q": {"exchange": "no-c", "dead_letter": "no-d"},
                "many": {"bindings": [{"exchange": "no-e"}]},
            },
            "routes": [{"task": "t", "queue": "no-f"}, {"task": "u", "queue": "q"}],
            "tasks": {"t2": {"queue": "no-g", "uses": ["no-h"], "waits_for": ["v"]}, "v": {}},
            "workers": {"w": {"queues": ["no-i"], "machine": "no-j"}},
            "beat": {"schedule": {"b": {"task": "t", "every": "1s", "queue": "no-k"}}},
        }
    )
    missing = [node for node, data in graph.nodes(data=True) if data.get("missing")]
    assert sorted(missing) == sorted(
        [
            *(f"exchange:no-{one}" for one in "abcde"),
            *(f"queue:no-{one}" for one in "fgik"),
            *("resource:no-h", "machine:no-j", "queue:celery"),
        ]
    )
    assert ("route:0", "queue:no-f", "") in edges(graph, "publishes")
    for style in drawings.FORMATS:
        if not style.binary:
            assert "no-f" in drawings.draw(style, graph).replace("#45;", "-")


def test_an_empty_topology_is_an_empty_graph() -> None:
    graph = graph_of({})
    assert graph.number_of_nodes() == 0
    for style in drawings.FORMATS:
        drawing = drawings.draw(style, graph)
        assert drawing.startswith(b"\x89PNG") if style.binary else drawing.endswith("\n")
