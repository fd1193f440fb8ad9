"""What the compiler writes, and that Celery does with it what the file says."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.compiler.live import celery_settings
from qtopo.compiler.settings import OWN, compile_settings
from qtopo.compiler.values import EnvUrl, QueueValue, RegexValue
from qtopo.errors import EmitError
from qtopo.topology.topology import Topology
from strategies import names, topologies

SLOW = settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CELERY = {"celery": {}}


def build(data: dict[str, Any]) -> Topology:
    topology, findings = Topology.from_data(data)
    assert findings == []
    return topology


def compiled(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    return dict(compile_settings(build(data), **options).settings)


def routes_of(data: dict[str, Any], **options: Any) -> list[Any]:
    (pairs,) = compiled(data, **options)["task_routes"]
    return pairs


class Noting:
    """A producer that notes what it is told to publish."""

    def __init__(self) -> None:
        self.connection = self
        self.sent: dict[str, Any] = {}

    def _reraise_as_library_errors(self):
        import contextlib

        return contextlib.nullcontext()

    def publish(self, body, **options):
        self.sent = options


def app_of(topology: Topology, tasks=()) -> Celery:
    app = Celery("t", set_as_current=False)
    app.conf.update(celery_settings(topology))
    app.backend_cls = "disabled"
    for name in tasks:
        app.task(name=name, shared=False, typing=False)(body)
    app.finalize()
    return app


def body() -> None:
    """A task that is sent and never run."""


def test_the_default_queue_is_by_name_whatever_its_exchange():
    found = compiled(
        {
            "defaults": {"queue": "d"},
            "exchanges": {"e": {"type": "topic"}},
            "queues": {"d": {"exchange": "e", "routing_key": "k"}},
        }
    )
    assert found["task_default_queue"] == "d"
    assert found["task_default_exchange"] == "d"
    assert found["task_default_exchange_type"] == "direct"
    assert found["task_default_routing_key"] == "d"
    assert found["task_create_missing_queues"] is False
    (queue,) = found["task_queues"]
    assert (queue.exchange.name, queue.exchange.type, queue.routing_key) == ("e", "topic", "k")


def test_queue_attributes_reach_the_broker_as_the_file_says():
    """What kombu would declare, from the file's words to AMQP's milliseconds and bytes."""
    data = {
        "queues": {
            "celery": {
                "type": "quorum",
                "message_ttl": "1001ms",
                "expires": "7d",
                "max_length": 5,
                "max_length_bytes": "1kB",
                "max_priority": 3,
                "overflow": "reject-publish",
                "delivery_limit": 5,
                "single_active_consumer": True,
                "dead_letter": {"exchange": "dead", "routing_key": "k"},
                "arguments": {
                    "x-queue-type": "stream",
                    "x-own": [1, {"a": 2}],
                    "x-max-priority": 9,
                },
                "consumer_arguments": {"x-priority": 1},
            }
        }
    }
    from kombu.transport.base import to_rabbitmq_queue_arguments

    (queue,) = celery_settings(build(data))["task_queues"]
    arguments = to_rabbitmq_queue_arguments(
        queue.queue_arguments,
        expires=queue.expires,
        message_ttl=queue.message_ttl,
        max_length=queue.max_length,
        max_length_bytes=queue.max_length_bytes,
        max_priority=queue.max_priority,
    )
    assert arguments == {
        "x-queue-type": "quorum",
        "x-message-ttl": 1001,
        "x-expires": 604_800_000,
        "x-max-length": 5,
        "x-max-length-bytes": 1000,
        "x-max-priority": 3,
        "x-overflow": "reject-publish",
        "x-delivery-limit": 5,
        "x-single-active-consumer": True,
        "x-dead-letter-exchange": "dead",
        "x-dead-letter-routing-key": "k",
        "x-own": [1, {"a": 2}],
    }
    assert queue.consumer_arguments == {"x-priority": 1}


@given(st.integers(1, 10**12))
def test_no_millisecond_is_lost(milliseconds):
    from kombu.utils.time import maybe_s_to_ms

    queue = {"message_ttl": f"{milliseconds}ms"}
    (value,) = compiled({"queues": {"celery": queue}})["task_queues"]
    options = value.options
    if "message_ttl" in options:
        assert maybe_s_to_ms(float(options["message_ttl"])) == milliseconds
    else:
        assert options["queue_arguments"] == {"x-message-ttl": milliseconds}


def test_exact_names_first_then_patterns_in_order_then_nothing():
    data = {
        "queues": {**CELERY, "a": {}, "b": {}},
        "routes": [
            {"task": ["x.*", "x.one"], "queue": "a"},
            {"task": {"regex": "y"}, "queue": "b"},
            {"task": "x.two", "queue": "b"},
        ],
        "tasks": {"x.three": {}, "x.four": {"queue": "b"}, "z": {}},
    }
    assert routes_of(data, known_tasks=["y.k", "x.one", "q"]) == [
        ("x.one", {"queue": "a"}),
        ("x.two", {"queue": "b"}),
        ("x.four", {"queue": "b"}),
        ("x.three", {"queue": "a"}),
        ("y.k", {"queue": "b"}),
        ("x.*", {"queue": "a"}),
        (RegexValue("y"), {"queue": "b"}),
    ]


def test_each_route_is_a_dict_of_its_own():
    data = {
        "queues": CELERY,
        "routes": [{"task": ["a", "b", "c.*"], "headers": {"h": [1]}}],
        "tasks": {"c.d": {}},
    }
    options = [one for _, one in routes_of(data)]
    assert len(options) == 4
    assert (
        len({id(one) for one in options}) == len({id(one["headers"]["h"]) for one in options}) == 4
    )


@pytest.mark.parametrize(
    ("transport", "queue", "catch_all"),
    [
        ("redis", {}, {"queue": "celery", "priority": 5}),
        ("rabbitmq", {}, None),
        ("rabbitmq", {"max_priority": 10}, {"queue": "celery", "priority": 4}),
        ("rabbitmq", {"max_priority": 5}, {"queue": "celery", "priority": 2}),
        ("sqs", {"max_priority": 10}, None),
    ],
)
def test_priorities_need_a_catch_all(transport, queue, catch_all):
    data = {
        "broker": {"transport": transport},
        "queues": {"celery": queue, "p": {"max_priority": 9}},
        "routes": [{"task": "a.*", "queue": "p", "priority": 7}],
    }
    pairs = routes_of(data)
    assert dict(pairs).get("*") == catch_all
    own = routes_of(data | {"routes": [*data["routes"], {"task": "*", "queue": "p"}]})
    assert [key for key, _ in own] == ["a.*", "*"]
    assert own[-1][1]["queue"] == "p"


def test_redis_inverts_and_says_a_priority_everywhere():
    data = {
        "broker": {"transport": "redis"},
        "queues": {**CELERY, "a": {}},
        "routes": [{"task": "hot", "queue": "a", "priority": 9}, {"task": "plain", "queue": "a"}],
    }
    assert routes_of(data) == [
        ("hot", {"queue": "a", "priority": 0}),
        ("plain", {"queue": "a", "priority": 5}),
        ("*", {"queue": "celery", "priority": 5}),
    ]
    assert compiled(data)["broker_transport_options"] == {"priority_steps": list(range(10))}
    assert "task_routes" not in compiled({"broker": {"transport": "redis"}, "queues": CELERY})


def test_what_the_compiler_owns_is_not_taken_from_settings():
    found = compiled(
        {"queues": CELERY, "settings": dict.fromkeys(OWN, "theirs") | {"task_acks_late": True}}
    )
    assert "theirs" not in found.values()
    assert found["task_acks_late"] is True
    assert "worker_pool" not in found


def test_own_settings_are_celerys():
    from celery.app.defaults import DEFAULTS

    assert sorted(OWN - set(DEFAULTS)) == []


@pytest.mark.parametrize(
    ("results", "backend"),
    [
        ({"backend": "rpc"}, "rpc"),
        ({"url": "redis://h/1"}, "redis://h/1"),
        ({"url": "postgresql://h/x", "backend": "database"}, "db+postgresql://h/x"),
        ({"url": "db+sqlite:///x", "backend": "database"}, "db+sqlite:///x"),
        ({"url": "memcached://h/", "backend": "cache"}, "cache+memcached://h/"),
        ({"url": "env:R"}, EnvUrl("R", "R-is-not-set://")),
        ({"url": "env:R", "backend": "redis"}, EnvUrl("R", "R-is-not-set://")),
    ],
)
def test_result_backends(results, backend):
    found = compiled({"queues": CELERY, "results": results | {"expires": "1h"}})
    assert found["result_backend"] == backend
    assert found["result_expires"] == 3600
    assert "result_backend" not in compiled({"queues": CELERY})


def test_annotations_reach_tasks_and_leave_routes_alone():
    data = {
        "queues": {**CELERY, "a": {}},
        "tasks": {
            "t": {
                "queue": "a",
                "rate_limit": "5/m",
                "time_limit": "10m",
                "soft_time_limit": "500ms",
                "acks_late": False,
                "max_retries": 0,
                "ignore_result": True,
                "cpu": 1.0,
                "memory": "1GB",
            },
            "*": {"max_retries": 9},
            "quiet": {"cpu": 0.5},
        },
        "settings": {"task_annotations": {"t": {"rate_limit": "1/s"}, "u": {"acks_late": True}}},
    }
    topology = build(data)
    app = app_of(topology, ["t", "u", "quiet"])
    task = app.tasks["t"]
    assert (task.rate_limit, task.time_limit, task.soft_time_limit) == ("1/s", 600, 0.5)
    assert (task.acks_late, task.max_retries, task.ignore_result) == (False, 0, True)
    assert app.tasks["u"].acks_late is True
    assert app.tasks["quiet"].max_retries == 3
    producer = Noting()
    task.apply_async(producer=producer, ignore_result=True)
    assert producer.sent["routing_key"] == "a"


def test_annotations_in_other_forms_come_first():
    data = {
        "queues": CELERY,
        "tasks": {"t": {"max_retries": 1}},
        "settings": {"task_annotations": "shop.Annotations"},
    }
    assert compiled(data)["task_annotations"] == ["shop.Annotations", {"t": {"max_retries": 1}}]


def test_broadcast_is_kombus_where_the_broker_has_queues_of_its_own():
    from kombu.common import Broadcast

    data = {"queues": {**CELERY, "all": {"broadcast": True}}}
    _, queue = celery_settings(build(data))["task_queues"]
    assert isinstance(queue, Broadcast)
    assert (queue.alias, queue.exchange.name, queue.exchange.type, queue.auto_delete) == (
        "all",
        "all",
        "fanout",
        True,
    )
    _, queue = compiled(data | {"broker": {"transport": "redis"}})["task_queues"]
    assert isinstance(queue, QueueValue)
    assert (queue.exchange.type, queue.routing_key) == ("fanout", "all")


def test_an_undeclared_exchange_cannot_be_compiled():
    with pytest.raises(
        EmitError, match="queue 'celery' names exchange 'nowhere', which is not declared"
    ):
        compiled({"queues": {"celery": {"exchange": "nowhere"}}})


def test_what_nobody_would_declare():
    data = {
        "exchanges": {
            "e": {"alternate": "spare"},
            "spare": {"type": "fanout"},
            "dead": {"bindings": [{"exchange": "e", "routing_key": "k", "arguments": {"a": 1}}]},
        },
        "queues": {
            **CELERY,
            "used": {"exchange": "e"},
            "parked": {"exchange": "dead", "parking": True},
            "off": {},
            "all": {"broadcast": True},
        },
        "workers": {"w": {"queues": ["celery", "used"]}, "x": {"queues": ["off"], "replicas": 0}},
    }
    declared = compile_settings(build(data)).declared_at_start
    assert declared.queues == ("parked", "off")
    assert [one.name for one in declared.exchanges] == ["spare", "all"]
    assert [
        (one.exchange.name, one.source.name, one.routing_key, one.arguments)
        for one in declared.bindings
    ] == [("dead", "e", "k", {"a": 1})]
    with pytest.raises(EmitError, match="transport 'redis' cannot do"):
        compile_settings(build(data | {"broker": {"transport": "redis"}}))


@SLOW
@given(topologies(), st.lists(names(), max_size=5))
def test_any_topology_loads_and_nothing_is_shared(data, known):
    topology = build(data)
    one, two = (celery_settings(topology, known_tasks=known) for _ in range(2))
    assert list(one) == list(two)
    assert not {id(q) for q in one.get("task_queues", ())} & {
        id(q) for q in two.get("task_queues", ())
    }
    # Celery writes into what it is given: the topology must not notice.
    app = app_of(topology)
    app.amqp.router.route({}, "x")
    assert compile_settings(topology) == compile_settings(build(data))
