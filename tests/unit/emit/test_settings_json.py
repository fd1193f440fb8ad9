"""Settings as JSON: Celery makes of them what it makes of the module, marked values aside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from celery import Celery
from hypothesis import HealthCheck, given, settings

from qtopo.compiler.live import celery_settings
from qtopo.compiler.plain import from_plain, marked, to_plain
from qtopo.compiler.settings import compile_settings
from qtopo.compiler.values import TimedeltaValue, number
from qtopo.emit import settings_json
from qtopo.emit.base import Job
from qtopo.errors import ProofError
from qtopo.topology.topology import Topology
from strategies import topologies

HEARTLESS: dict[str, Any] = {"queues": {"celery": {}}}
CONSUMED = {"w": {"queues": ["celery", "a"]}}


def job_of(data: dict[str, Any], **options: Any) -> Job:
    topology, findings = Topology.from_data(data)
    assert findings == []
    return Job(topology, "settings.json", **options)


def emitted(data: dict[str, Any]) -> dict[str, Any]:
    job = job_of(data)
    artifacts = settings_json.emit(job)
    assert settings_json.prove(job, artifacts) is not None
    found: dict[str, Any] = json.loads(artifacts[0].content)
    return found


def queues_of(conf: dict[str, Any]) -> dict[str, Any]:
    app = Celery(set_as_current=False)
    app.conf.update(conf)
    keep = (
        "durable",
        "exclusive",
        "auto_delete",
        "queue_arguments",
        "binding_arguments",
        "consumer_arguments",
        "expires",
        "message_ttl",
        "max_length",
        "max_length_bytes",
        "max_priority",
        "routing_key",
    )
    return {
        name: (
            {key: getattr(queue, key) for key in keep},
            {
                key: getattr(queue.exchange, key)
                for key in ("name", "type", "durable", "auto_delete", "arguments")
            },
        )
        for name, queue in app.amqp.queues.items()
    }


@settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(topologies())
def test_celery_reads_the_same_from_json(data):
    job = job_of(data)
    artifacts = settings_json.emit(job)
    assert settings_json.prove(job, artifacts) is not None
    assert artifacts[0].content.endswith("}\n")
    plain = json.loads(artifacts[0].content)
    if not marked(plain):
        assert queues_of(plain) == queues_of(celery_settings(job.topology))


@settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(topologies())
def test_a_reader_gets_back_what_was_compiled(data):
    compiled = compile_settings(job_of(data).topology)
    again = from_plain(json.loads(json.dumps(to_plain(compiled))))
    assert again.declared_at_start == compiled.declared_at_start
    ours, theirs = dict(again.settings), dict(compiled.settings)
    if isinstance(ours["task_queues"], dict):
        # Celery's own table: held against Celery above.
        del ours["task_queues"], theirs["task_queues"]
    for schedule in (ours.get("beat_schedule", {}), theirs.get("beat_schedule", {})):
        for entry in schedule.values():
            if isinstance(entry["schedule"], TimedeltaValue):
                entry["schedule"] = number(entry["schedule"].seconds)
    assert json.loads(json.dumps(ours, default=repr)) == json.loads(
        json.dumps(theirs, default=repr)
    )


def test_every_attribute_survives():
    """Queue and exchange have flags of the same name, which the dict form mixes up unless told."""
    data = {
        "exchanges": {
            "e": {"type": "topic", "durable": False, "alternate": "celery", "arguments": {"x": 1}}
        },
        "queues": {
            "celery": {},
            "a": {
                "exchange": "e",
                "routing_key": "k",
                "auto_delete": True,
                "expires": "1d",
                "max_priority": 3,
                "type": "classic",
                "consumer_arguments": {"x-priority": 1},
                "binding_arguments": {"b": 2},
            },
        },
        "workers": CONSUMED,
    }
    found = queues_of(emitted(data))
    assert found == queues_of(celery_settings(job_of(data).topology))
    queue, exchange = found["a"]
    assert (queue["durable"], queue["auto_delete"], queue["expires"]) == (True, True, 86400)
    assert (exchange["durable"], exchange["auto_delete"]) == (False, False)
    assert exchange["arguments"] == {"x": 1, "alternate-exchange": "celery"}


def test_variables_are_left_to_celery(monkeypatch):
    data = {
        "broker": {"url": "env:B"},
        "results": {"url": "env:R"},
        "queues": {"celery": {}, "a": {}},
        "workers": CONSUMED,
    }
    found = emitted(data)
    assert not {"broker_url", "result_backend"} & set(found)
    assert found["$env"]["broker_url"]["variable"] == "B"
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://x/3")
    app = Celery(set_as_current=False)
    app.conf.update(found)
    assert app.conf.broker_url == "redis://x/3"
    assert emitted(data | {"broker": {"url": "amqp://h//"}})["broker_url"] == "amqp://h//"


def test_intervals_are_seconds():
    schedule = {"e": {"task": "t", "every": "90s", "queue": "a"}}
    found = emitted(
        {"queues": {"celery": {}, "a": {}}, "workers": CONSUMED, "beat": {"schedule": schedule}}
    )
    assert found["beat_schedule"] == {"e": {"task": "t", "schedule": 90, "options": {"queue": "a"}}}


@pytest.mark.parametrize(
    ("more", "marker"),
    [
        ({"routes": [{"task": {"regex": "x.y"}}]}, "$regex"),
        ({"queues": {"celery": {}, "a": {"broadcast": True}}}, "$broadcast"),
        (
            {
                "exchanges": {"e": {}},
                "queues": {"celery": {}, "a": {"bindings": [{"exchange": "e"}]}},
            },
            "$queue",
        ),
        ({"beat": {"schedule": {"e": {"task": "t", "crontab": "* * * * *"}}}}, "$crontab"),
        (
            {
                "beat": {
                    "schedule": {
                        "e": {
                            "task": "t",
                            "solar": {"event": "sunset", "latitude": 1, "longitude": 2},
                        }
                    }
                }
            },
            "$solar",
        ),
    ],
)
def test_what_json_has_no_value_for_is_marked_and_celery_refuses_it(more, marker):
    data = {"queues": {"celery": {}, "a": {}}, "workers": CONSUMED} | more
    job = job_of(data)
    artifacts = settings_json.emit(job)
    plain = json.loads(artifacts[0].content)
    assert marker in marked(plain)
    assert marker in settings_json.summary(job)
    assert settings_json.prove(job, artifacts) is not None
    if marker in ("$crontab", "$solar"):
        # Read when beat starts, and by nobody else.
        from celery.schedules import maybe_schedule

        with pytest.raises(AttributeError):
            maybe_schedule(plain["beat_schedule"]["e"]["schedule"])
    else:
        app = Celery(set_as_current=False)
        app.conf.update(plain)
        with pytest.raises((TypeError, AttributeError)):
            app.amqp.router.route({}, "t", queues=app.amqp.queues)


def test_what_no_worker_declares_is_told():
    data = {
        "queues": {"celery": {}, "a": {}, "p": {"parking": True}},
        "exchanges": {"x": {"bindings": [{"exchange": "celery"}]}},
        "workers": CONSUMED,
    }
    plain = emitted(data)
    assert plain["$declare"]["queues"] == ["p"]
    assert (
        plain["$declare"]["bindings"][0]["$exchange_binding"]["exchange"]["$exchange"]["name"]
        == "x"
    )


def test_the_users_own_values_are_left_alone():
    kwargs = {"$regex": {"pattern": "x"}}
    schedule = {"e": {"task": "t", "every": "90s", "kwargs": kwargs}}
    data = {"queues": {"celery": {}, "a": {}}, "workers": CONSUMED, "beat": {"schedule": schedule}}
    assert emitted(data)["beat_schedule"]["e"]["kwargs"] == kwargs


def test_a_namespace_is_a_prefix():
    job = job_of({"queues": {"celery": {}, "a": {}}, "workers": CONSUMED}, namespace="CELERY")
    artifacts = settings_json.emit(job)
    assert set(json.loads(artifacts[0].content)["CELERY_TASK_QUEUES"]) == {"celery", "a"}
    assert settings_json.prove(job, artifacts) is not None


def test_a_proof_can_fail():
    data = {
        "queues": {"celery": {}, "a": {}},
        "workers": CONSUMED,
        "routes": [{"task": "t", "queue": "a"}],
    }
    job = job_of(data)
    (artifact,) = settings_json.emit(job)
    wrong = artifact._replace(content=artifact.content.replace('"queue": "a"', '"queue": "celery"'))
    assert wrong != artifact
    with pytest.raises(ProofError, match="task 't'"):
        settings_json.prove(job, [wrong])


def test_that_json_carries_no_heartbeat_is_said():
    assert settings_json.notes(job_of(HEARTLESS)) == []
    said = {**HEARTLESS, "deploy": {"heartbeat_file": "/run/celery/%n"}}
    (note,) = settings_json.notes(job_of(said))
    assert "'/run/celery/%n'" in note
    assert "heartbeat" not in json.dumps(emitted(said))
