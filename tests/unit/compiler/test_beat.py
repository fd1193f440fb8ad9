"""Beat: the schedule, and that an entry beats its task's route in everything it says."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from celery.beat import Scheduler

from qtopo.compiler.beat import entry_options
from qtopo.compiler.live import celery_settings
from qtopo.compiler.routes import Routes
from qtopo.topology.publishing import publishing
from qtopo.topology.topology import Topology

CELERY = {"celery": {}}


def build(data: dict[str, Any]) -> Topology:
    topology, findings = Topology.from_data(data)
    assert findings == []
    return topology


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
