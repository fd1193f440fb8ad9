"""What `route` says of small topologies, one meaning of the design at a time."""

from __future__ import annotations

import pytest

import qtopo
from qtopo.routing.delivery import deliver
from qtopo.topology.topology import Topology


def build(**data):
    topology, findings = Topology.from_data(data)
    assert findings == []
    return topology


EVENTS = {"events": {"type": "topic"}}


def test_a_direct_queue_is_published_to_by_its_name():
    topology = build(
        queues={"a": {}, "d": {}},
        defaults={"queue": "d"},
        routes=[{"task": "t", "queue": "a", "routing_key": "zzz"}],
    )
    routed = qtopo.route(topology, "t")
    assert (routed.exchange, routed.exchange_type, routed.routing_key) == ("a", "direct", "zzz")
    assert routed.publish == ("", "a", None)
    assert routed.delivered_to == ("a",)


def test_without_a_route_it_is_the_default_queue():
    topology = build(queues={"celery": {}}, workers={"w": {"queues": ["celery"]}})
    routed = qtopo.route(topology, "t")
    assert routed.decided_by == ("default", ("defaults", "queue"))
    assert (routed.queue, routed.workers) == ("celery", ("w",))


def test_a_topic_queue_is_published_to_with_the_routes_key():
    topology = build(
        exchanges=EVENTS,
        queues={
            "a": {"exchange": "events", "routing_key": "x.#"},
            "b": {"exchange": "events", "routing_key": "*.y"},
        },
        routes=[{"task": "t", "queue": "a", "routing_key": "x.y"}],
    )
    routed = qtopo.route(topology, "t")
    assert routed.publish == ("events", "x.y", None)
    assert routed.delivered_to == ("a", "b")


def test_a_concrete_binding_key_serves_where_the_route_has_none():
    topology = build(
        exchanges=EVENTS,
        queues={"a": {"exchange": "events", "routing_key": "x.y"}},
        routes=[{"task": "t", "queue": "a"}],
    )
    assert qtopo.route(topology, "t").publish == ("events", "x.y", None)


def test_a_queue_with_bindings_gets_it_by_name_or_by_key():
    topology = build(
        exchanges={**EVENTS, "more": {"type": "topic"}},
        queues={
            "a": {
                "bindings": [
                    {"exchange": "events", "routing_key": "x.*"},
                    {"exchange": "more", "routing_key": "y"},
                ]
            },
            "celery": {},
        },
        routes=[
            {"task": "plain", "queue": "a"},
            {"task": "keyed", "queue": "a", "routing_key": "x.1"},
            {"task": "other", "queue": "a", "exchange": "more", "routing_key": "y"},
        ],
    )
    assert qtopo.route(topology, "plain").publish == ("", "a", None)
    assert qtopo.route(topology, "keyed").publish == ("events", "x.1", None)
    assert qtopo.route(topology, "other").publish == ("more", "y", None)
    assert all(
        qtopo.route(topology, task).delivered_to == ("a",) for task in ("plain", "keyed", "other")
    )


def test_an_exact_name_beats_any_pattern():
    topology = build(
        queues={"a": {}, "b": {}}, routes=[{"task": "*", "queue": "a"}, {"task": "t", "queue": "b"}]
    )
    assert qtopo.route(topology, "t").queue == "b"
    assert qtopo.route(topology, "u").queue == "a"


def test_a_tasks_own_queue_is_an_exact_route():
    topology = build(
        queues={"a": {}, "b": {}}, routes=[{"task": "*", "queue": "a"}], tasks={"t": {"queue": "b"}}
    )
    routed = qtopo.route(topology, "t")
    assert (routed.queue, routed.decided_by) == ("b", ("task", ("tasks", "t")))


def test_a_route_without_a_queue_means_the_default_queue():
    topology = build(
        queues={"d": {}}, defaults={"queue": "d"}, routes=[{"task": "t", "priority": 3}]
    )
    routed = qtopo.route(topology, "t")
    assert (routed.queue, routed.decided_by.kind) == ("d", "route")


def test_an_undeclared_queue_gets_nothing():
    routed = qtopo.route(build(routes=[{"task": "t", "queue": "typo"}]), "t")
    assert (routed.queue, routed.exchange, routed.delivered_to, routed.publish.exchange) == (
        "typo",
        None,
        (),
        None,
    )


def test_a_worker_that_is_switched_off_consumes_nothing():
    topology = build(queues={"celery": {}}, workers={"w": {"queues": ["celery"], "replicas": 0}})
    assert qtopo.route(topology, "t").workers == ()


@pytest.mark.parametrize(
    ("most", "priority", "wire"),
    [
        (10, 7, 7),
        (9, 9, 9),
        (255, 9, 9),
        (5, 9, 5),
        (5, 0, 0),
        (5, 7, 4),
        (5, None, 2),
        (10, None, 4),
        (1, 9, 1),
        (1, 4, 0),
        (None, 7, None),
    ],
)
def test_priorities_on_rabbitmq(most, priority, wire):
    queue = {} if most is None else {"max_priority": most}
    route = {"task": "t", "queue": "a"} | ({} if priority is None else {"priority": priority})
    assert qtopo.route(build(queues={"a": queue}, routes=[route]), "t").publish.priority == wire


def test_scaling_down_keeps_the_order():
    for most in range(1, 10):
        wires = [
            qtopo.route(
                build(
                    queues={"a": {"max_priority": most}},
                    routes=[{"task": "t", "queue": "a", "priority": p}],
                ),
                "t",
            ).publish.priority
            for p in range(10)
        ]
        assert wires == sorted(wires)
        assert (wires[0], wires[-1]) == (0, most)


def test_priorities_on_redis_are_turned_round():
    topology = build(
        broker={"transport": "redis"},
        queues={"celery": {}},
        routes=[{"task": "urgent", "priority": 9}, {"task": "plain"}],
    )
    assert qtopo.route(topology, "urgent").publish.priority == 0
    assert qtopo.route(topology, "plain").publish.priority == 5
    assert (
        qtopo.route(topology, "none").priority,
        qtopo.route(topology, "none").publish.priority,
    ) == (4, 5)


def test_redis_has_no_priorities_where_nobody_asks():
    topology = build(broker={"transport": "redis"}, queues={"celery": {"max_priority": 5}})
    assert qtopo.route(topology, "t").publish.priority is None


def test_no_priorities_on_transports_without():
    topology = build(
        broker={"transport": "sqs"}, queues={"celery": {}}, routes=[{"task": "t", "priority": 9}]
    )
    assert qtopo.route(topology, "t").publish.priority is None


def test_broadcast_reaches_all_its_workers():
    for transport in ("rabbitmq", "redis"):
        topology = build(
            broker={"transport": transport},
            queues={"all": {"broadcast": True}, "celery": {}},
            routes=[{"task": "t", "queue": "all"}],
            workers={"v": {"queues": ["all"]}, "w": {"queues": ["all", "celery"]}},
        )
        routed = qtopo.route(topology, "t")
        assert (routed.delivered_to, routed.workers) == (("all",), ("v", "w"))
        assert (routed.publish.exchange, routed.exchange_type) == ("all", "fanout")


def test_headers_exchanges_look_at_headers():
    topology = build(
        exchanges={"h": {"type": "headers"}},
        queues={
            "a": {"exchange": "h", "binding_arguments": {"kind": "x"}},
            "b": {"exchange": "h", "binding_arguments": {"kind": "y"}},
        },
        routes=[{"task": "t", "queue": "a", "headers": {"kind": "x"}}],
    )
    assert qtopo.route(topology, "t").delivered_to == ("a",)


def test_exchanges_pass_on_and_cycles_end():
    topology = build(
        exchanges={
            "in": {"type": "topic", "bindings": [{"exchange": "out", "routing_key": "#"}]},
            "out": {"type": "topic", "bindings": [{"exchange": "in", "routing_key": "x.#"}]},
        },
        queues={"a": {"exchange": "out", "routing_key": "x.y"}},
    )
    assert deliver(topology, "in", "x.y") == ("a",)
    assert deliver(topology, "in", "y") == ()


def test_what_finds_no_binding_goes_to_the_alternate():
    exchanges = {"in": {"type": "topic", "alternate": "rest"}, "rest": {"type": "fanout"}}
    queues = {"a": {"exchange": "in", "routing_key": "x"}, "b": {"exchange": "rest"}}
    topology = build(exchanges=exchanges, queues=queues)
    assert deliver(topology, "in", "x") == ("a",)
    assert deliver(topology, "in", "y") == ("b",)
    redis = build(broker={"transport": "redis"}, exchanges=exchanges, queues=queues)
    assert deliver(redis, "in", "y") == ()


def test_the_anonymous_exchange_takes_it_to_the_named_queue():
    topology = build(queues={"a": {}})
    assert deliver(topology, "", "a") == ("a",)
    assert deliver(topology, "", "b") == ()
    assert deliver(topology, "nope", "a") == ()
