"""Settings as JSON: Celery makes of them what it makes of the module, or they are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from celery import Celery
from hypothesis import HealthCheck, given, settings

from qtopo.compiler.live import celery_settings
from qtopo.emit import settings_json
from qtopo.emit.base import Job
from qtopo.errors import EmitError, ProofError
from qtopo.topology.topology import Topology
from strategies import topologies

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
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(topologies())
def test_celery_reads_the_same_from_json(data):
    job = job_of(data)
    try:
        artifacts = settings_json.emit(job)
    except EmitError:
        # What is refused, and how, is below.
        return
    assert settings_json.prove(job, artifacts) is not None
    assert artifacts[0].content.endswith("}\n")
    assert queues_of(json.loads(artifacts[0].content)) == queues_of(celery_settings(job.topology))


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
    ("more", "named"),
    [
        ({"routes": [{"task": {"regex": "x.y"}}]}, "the regular expression 'x.y' of a route"),
        ({"queues": {"celery": {}, "a": {"broadcast": True}}}, "that queue 'a' is a broadcast"),
        (
            {
                "exchanges": {"e": {}},
                "queues": {"celery": {}, "a": {"bindings": [{"exchange": "e"}]}},
            },
            "the several bindings of queue 'a'",
        ),
        (
            {"beat": {"schedule": {"e": {"task": "t", "crontab": "* * * * *"}}}},
            "the crontab of schedule entry 'e'",
        ),
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
            "the solar event of schedule entry 'e'",
        ),
        (
            {"queues": {"celery": {}, "a": {}, "p": {"parking": True}}},
            "that queue 'p', which no worker consumes, is declared",
        ),
        (
            {"exchanges": {"x": {}}},
            "that exchange 'x', which no consumed queue is bound to, is declared",
        ),
        (
            {"exchanges": {"x": {"bindings": [{"exchange": "celery"}]}}},
            "that exchange 'x' is bound to exchange 'celery'",
        ),
    ],
)
def test_what_json_cannot_say_is_refused_by_name(more, named):
    with pytest.raises(EmitError) as caught:
        settings_json.emit(job_of({"queues": {"celery": {}, "a": {}}, "workers": CONSUMED} | more))
    assert str(caught.value) == f"JSON cannot say {named}"
    assert "celeryconfig.py" in str(caught.value.help)


def test_no_namespace():
    with pytest.raises(EmitError, match="no namespace"):
        settings_json.emit(job_of({"queues": {"celery": {}}}, namespace="CELERY"))


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
