"""RabbitMQ's definitions as a document; the live tests hold them against RabbitMQ."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings

from qtopo.emit import definitions
from qtopo.emit.base import Job, target_of
from qtopo.errors import EmitError
from qtopo.routing.delayed import delivery_bindings, native_delay_bindings
from qtopo.topology.topology import Topology
from strategies import topologies

SMALL = {
    "broker": {"transport": "rabbitmq"},
    "exchanges": {"amq.topic": {"type": "topic"}, "all": {"type": "fanout"}},
    "queues": {
        "celery": {"max_priority": 5},
        "q": {"type": "quorum", "exchange": "amq.topic", "routing_key": "a"},
        "mine": {"exclusive": True, "exchange": "all"},
        "news": {"broadcast": True},
    },
    "workers": {"w": {"queues": ["celery", "q", "mine", "news"]}},
}


def job_of(data):
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    return Job(topology, "definitions.json")


def emitted(data):
    (artifact,) = definitions.emit(job_of(data))
    assert artifact.content.endswith("}\n")
    return json.loads(artifact.content)


def named(listed):
    return [one["name"] for one in listed]


def test_what_is_in_it_and_what_is_not():
    found = emitted(SMALL)
    assert list(found) == ["exchanges", "queues", "bindings"]
    assert [one for one in named(found["exchanges"]) if "delayed" not in one] == [
        "all",
        "celery",
        "news",
    ]
    assert "celery_delayed_delivery" in named(found["exchanges"])
    assert [one for one in named(found["queues"]) if "delayed" not in one] == ["celery", "q"]
    assert found["queues"][0] == {
        "name": "celery",
        "vhost": "/",
        "durable": True,
        "auto_delete": False,
        "arguments": {"x-max-priority": 5},
    }
    assert not [one for one in found["bindings"] if one["destination"] == "mine"]


def test_the_detour_of_delays_is_the_one_that_routing_predicts():
    found = emitted(SMALL)
    topology = job_of(SMALL).topology
    ties = {(one["source"], one["destination"], one["routing_key"]) for one in found["bindings"]}
    predicted = {
        (source, bound.name, bound.binding.routing_key)
        for source, bound in native_delay_bindings(topology)
    } | {
        (bound.binding.exchange, bound.name, bound.binding.routing_key)
        for bound in delivery_bindings(topology)
    }
    # An exclusive queue is left out, with what is bound to it.
    predicted = {one for one in predicted if one[1] != "mine"}
    assert {("amq.topic", "q", "#.a"), ("celery_delayed_delivery", "amq.topic", "#.a")} < predicted
    assert predicted <= ties


def test_users_are_there_only_where_they_are_asked_for_and_have_no_password():
    data = {**SMALL, "deploy": {"broker_users": True, "vhost": "shop"}}
    found = emitted(data)
    assert found["vhosts"] == [{"name": "shop"}]
    assert named(found["users"]) == [one["user"] for one in found["permissions"]]
    assert named(found["users"]) == ["celery-w", "celery-producer", "celery-control"]
    assert {one["password_hash"] for one in found["users"]} == {""}
    assert {one["vhost"] for one in found["permissions"]} == {"shop"}
    notes = "\n".join(definitions.notes(job_of(data)))
    assert "changes nothing" in notes
    assert "'mine'" in notes
    assert "password" in notes
    assert "password" not in "\n".join(definitions.notes(job_of(SMALL)))
    assert definitions.summary(job_of(data)) == "32 exchanges, 30 queues, 61 bindings, 3 users"


def test_only_rabbitmq_has_definitions():
    with pytest.raises(EmitError, match="redis"):
        emitted({"broker": {"transport": "redis"}})


def test_the_name_of_the_file_asks_for_it():
    assert target_of("rabbitmq/definitions.json") == "definitions"
    assert target_of("definitions-staging.json") == "definitions"
    assert target_of("settings.json") == "settings-json"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(topologies(transports=("rabbitmq",)))
def test_any_topology_the_same_every_time_and_every_name_unharmed(data):
    found = emitted(data)
    assert found == emitted(data)
    queues = [name for name, one in data["queues"].items() if not one.get("broadcast")]
    assert named(found["queues"]) == queues
    there = set(named(found["exchanges"]))
    assert {one["source"] for one in found["bindings"]} <= there
    assert {one["destination"] for one in found["bindings"]} <= there | set(queues)
