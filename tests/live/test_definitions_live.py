"""RabbitMQ's definitions, held against RabbitMQ, and against what Celery declares by itself."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from celery import Celery
from celery.worker.consumer.delayed_delivery import DelayedDelivery
from fleet import EXAMPLES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from kombu import Connection
from kombu.common import Broadcast

import qtopo
from qtopo.compiler.broker import on_rabbitmq
from qtopo.compiler.live import configure
from qtopo.emit import definitions
from qtopo.emit.base import Job
from qtopo.topology.deploy import Deploy
from qtopo.topology.topology import Topology
from rabbit_admin import ask, comparable, declared, new_vhost, url
from strategies import topologies

pytestmark = pytest.mark.broker

few = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def topology_of(data):
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    return topology


@st.composite
def declarable(draw):
    """Topologies that RabbitMQ takes: no duration over its timers, nothing that goes meanwhile."""
    data = draw(topologies(transports=("rabbitmq",)))
    # RabbitMQ keeps these names for itself.
    reserved = [
        name for name in (*data["queues"], *data.get("exchanges", ())) if name[:4] == "amq."
    ]
    assume(not reserved)
    for queue in data["queues"].values():
        if "expires" in queue:
            queue["expires"] = draw(st.sampled_from(["1h", "90.5s", "2d"]))
        if "message_ttl" in queue:
            queue["message_ttl"] = draw(st.sampled_from(["0s", "1.001s", "2d", "333ms"]))
    names = list(data.get("exchanges", ()))
    for name in names:
        table = data["exchanges"][name]
        if draw(st.booleans()):
            table["alternate"] = draw(st.sampled_from(names))
        if draw(st.booleans()):
            key = draw(st.sampled_from(["", "a.b", "#"]))
            table["bindings"] = [{"exchange": draw(st.sampled_from(names)), "routing_key": key}]
    for queue in data["queues"].values():
        if names and not queue.get("broadcast") and draw(st.booleans()):
            queue["dead_letter"] = {"exchange": draw(st.sampled_from(names)), "routing_key": "x"}
    return data


def emitted(topology, vhost):
    """What the target writes, for a vhost of the test's."""
    told = topology.replace(deploy=(topology.deploy or Deploy()).replace(vhost=vhost))
    (artifact,) = definitions.emit(Job(told, "definitions.json"))
    return json.loads(artifact.content)


@contextmanager
def connected(topology, vhost):
    """An application with the settings of a topology, and a connection to the vhost."""
    app = Celery("declares", set_as_current=False)
    configure(app, topology)
    app.conf.broker_url = url(vhost)
    with Connection(url(vhost)) as connection:
        yield app, connection


def declare_through_celery(topology, vhost):
    """Declare as workers and producers do: queues, what nobody consumes, the detour of delays."""
    with connected(topology, vhost) as (app, connection):
        for queue in app.amqp.queues.values():
            with connection.channel() as channel:
                if isinstance(queue, Broadcast):
                    queue.exchange(channel).declare()
                else:
                    queue(channel).declare()
        parent = SimpleNamespace(connection=connection, app=app)
        for step in app.steps["consumer"]:
            step.start(None, parent)
        delayed = object.__new__(DelayedDelivery)
        if delayed.include_if(parent):
            delayed._setup_delayed_delivery(parent, url(vhost))


def compiled(topology):
    """What the compiler says that Celery declares, but for remote control."""
    there = on_rabbitmq(topology)
    found = {}
    for objects in (there.declared, there.delayed):
        for kind, listed in definitions.plain(objects, "").items():
            found.setdefault(kind, []).extend(listed)
    found["exchanges"] = [one for one in found["exchanges"] if one["name"][:4] != "amq."]
    return comparable(found)


@few
@given(declarable())
def test_celery_declares_what_the_compiler_says(data):
    topology = topology_of(data)
    with new_vhost() as vhost:
        declare_through_celery(topology, vhost)
        assert declared(vhost) == compiled(topology)


@few
@given(declarable())
def test_what_is_imported_is_there_and_celery_finds_what_it_expects(data):
    topology = topology_of(data)
    with new_vhost() as vhost:
        document = emitted(topology, vhost)
        ask("POST", "definitions", document)
        assert declared(vhost) == comparable(document)
        declare_through_celery(topology, vhost)
        assert declared(vhost) == comparable(document)


@pytest.mark.parametrize("example", ["shop.toml", "simple.toml", "tenants.toml"])
def test_examples_with_the_detour_of_delays(example):
    topology = qtopo.load(EXAMPLES / example)
    with new_vhost() as vhost:
        document = emitted(topology, vhost)
        ask("POST", "definitions", document)
        assert declared(vhost) == comparable(document)
        declare_through_celery(topology, vhost)
        assert declared(vhost) == comparable(document) == compiled(topology)


def test_an_import_changes_nothing_that_is_there():
    """The note says so, and it is true: an import is no reconcile."""
    queue = {"max_priority": 5}
    data = {"broker": {"transport": "rabbitmq"}, "queues": {"celery": queue}}
    with new_vhost() as vhost:
        ask("POST", "definitions", emitted(topology_of(data), vhost))
        before = declared(vhost)
        queue["max_priority"] = 10
        document = emitted(topology_of(data), vhost)
        ask("POST", "definitions", document)
        assert declared(vhost) == before != comparable(document)
