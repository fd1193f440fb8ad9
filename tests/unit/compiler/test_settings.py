"""What the compiler writes, and that Celery does with it what the file says."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from celery.beat import Scheduler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.compiler.beat import entry_options
from qtopo.compiler.live import celery_settings
from qtopo.compiler.options import DURATIONS
from qtopo.compiler.routes import Routes
from qtopo.compiler.settings import OWN, compile_settings
from qtopo.compiler.values import EnvUrl, QueueValue, RegexValue
from qtopo.errors import EmitError
from qtopo.topology.publishing import publishing
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


def test_broker_options():
    data = {
        "broker": {
            "transport": "redis",
            "options": {
                "visibility_timeout": "2h",
                "global_keyprefix": "5s",
                "socket_timeout": 3,
                "polling_interval": "500ms",
            },
        },
        "queues": CELERY,
    }
    assert compiled(data)["broker_transport_options"] == {
        "visibility_timeout": 7200,
        "global_keyprefix": "5s",
        "socket_timeout": 3,
        "polling_interval": 0.5,
    }
    data["broker"]["options"]["visibility_timeout"] = "soon"
    with pytest.raises(EmitError, match=r"broker\.options\.visibility_timeout is 'soon'"):
        compiled(data)


def test_known_durations_are_options_that_kombu_reads():
    """A name that kombu does not know would be a typo of ours."""
    from pathlib import Path

    import amqp
    import kombu

    sources = [
        *Path(kombu.__file__).parent.rglob("*.py"),
        *Path(amqp.__file__).parent.rglob("*.py"),
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert [name for name in sorted(DURATIONS) if name not in text] == []


@pytest.mark.parametrize("queue", [{"type": "quorum"}, {"arguments": {"x-queue-type": "quorum"}}])
def test_quorum_queues_are_confirmed(queue):
    data = {"queues": {"celery": queue}}
    assert compiled(data)["broker_transport_options"] == {"confirm_publish": True}
    data["broker"] = {"options": {"confirm_publish": False}}
    assert compiled(data)["broker_transport_options"] == {"confirm_publish": False}
    assert "broker_transport_options" not in compiled({"queues": CELERY})


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


def schedule(entry: dict[str, Any], transport: str = "rabbitmq") -> Topology:
    return build(
        {
            "broker": {"transport": transport},
            "exchanges": {"t": {"type": "topic"}, "u": {"type": "topic"}, "f": {"type": "fanout"}},
            "queues": {
                **CELERY,
                "direct": {"max_priority": 9},
                "topic": {"exchange": "t", "routing_key": "a.*"},
                "plain": {"exchange": "u", "routing_key": "b.c"},
                "fan": {"exchange": "f"},
                "many": {
                    "bindings": [
                        {"exchange": "t", "routing_key": "m.*"},
                        {"exchange": "u", "routing_key": "m.x"},
                    ]
                },
            },
            "routes": [
                {"task": "to.topic", "queue": "topic", "routing_key": "a.x", "priority": 9},
                {"task": "to.many", "queue": "many", "exchange": "u", "routing_key": "m.x"},
                {"task": "to.direct", "queue": "direct", "priority": 7, "headers": {"h": 1}},
                {"task": "to.fan", "queue": "fan"},
            ],
            "beat": {"schedule": {"e": {"every": "1m", "expires": "1h"} | entry}},
        }
    )


TASKS = ("to.topic", "to.many", "to.direct", "to.fan", "to.nowhere")
TARGETS = (
    {},
    {"queue": "direct"},
    {"queue": "celery"},
    {"queue": "plain"},
    {"queue": "topic", "routing_key": "a.z"},
    {"queue": "fan"},
    {"queue": "many"},
    {"queue": "many", "routing_key": "m.q"},
    {"routing_key": "a.y"},
)


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("transport", ["rabbitmq", "redis"])
@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_a_schedule_entry_beats_its_tasks_route_in_everything(task, target, transport, registered):
    """Through beat's own way of sending, for tasks that beat has imported and those it has not."""
    topology = schedule({"task": task} | target, transport)
    app = app_of(topology, TASKS if registered else ())
    assert (task in app.tasks) is registered
    producer = Noting()
    scheduler = Scheduler(app, schedule={}, lazy=True)
    scheduler.update_from_dict(app.conf.beat_schedule)
    entry = scheduler.schedule["e"]
    assert entry.options["expires"] == 3600
    options = entry.options | {"ignore_result": True}
    entry.options = options
    scheduler.apply_async(entry, producer=producer, advance=False)
    wanted = publishing(
        topology,
        Routes(topology).decide(task),
        queue=target.get("queue"),
        routing_key=target.get("routing_key"),
    )
    assert (producer.sent["exchange"], producer.sent["routing_key"]) == (
        wanted.wire_exchange,
        wanted.wire_key,
    )
    assert (producer.sent.get("priority") or 0) == (wanted.wire_priority or 0)
    for name, value in wanted.headers.items():
        assert producer.sent["headers"][name] == value


def test_an_entry_says_no_more_than_it_has_to():
    topology = schedule({"task": "to.fan"})
    (entry,) = topology.beat.schedule.values()
    assert entry_options(topology, Routes(topology), entry) == {"expires": 3600}
    topology = schedule({"task": "to.nowhere", "queue": "celery"})
    (entry,) = topology.beat.schedule.values()
    assert entry_options(topology, Routes(topology), entry) == {"queue": "celery", "expires": 3600}


def test_an_entry_repeats_the_headers_of_its_route():
    """Beat sets headers of its own, and they replace the route's as a whole."""
    topology = schedule({"task": "to.direct"})
    (entry,) = topology.beat.schedule.values()
    assert entry_options(topology, Routes(topology), entry) == {
        "headers": {"h": 1},
        "expires": 3600,
    }


def test_schedules_are_celerys_own():
    from datetime import timedelta

    from celery.schedules import crontab

    data = {
        "queues": CELERY,
        "beat": {
            "scheduler": "redbeat",
            "max_interval": "5s",
            "lock_timeout": "25s",
            "schedule_file": "var/s",
            "schedule": {
                "c": {"task": "t", "crontab": "*/5 3 1-7 jan,feb mon"},
                "e": {"task": "t", "every": "250ms", "args": [1], "kwargs": {"a": {"b": [1]}}},
            },
        },
    }
    found = celery_settings(build(data))
    assert found["beat_schedule"]["c"]["schedule"] == crontab(
        "*/5", "3", day_of_week="mon", day_of_month="1-7", month_of_year="jan,feb"
    )
    assert found["beat_schedule"]["e"] == {
        "task": "t",
        "schedule": timedelta(milliseconds=250),
        "args": [1],
        "kwargs": {"a": {"b": [1]}},
    }
    assert found["beat_scheduler"] == "redbeat.RedBeatScheduler"
    assert (
        found["beat_max_loop_interval"],
        found["redbeat_lock_timeout"],
        found["beat_schedule_filename"],
    ) == (5, 25, "var/s")


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
