"""Settings as live objects, and an app whose workers declare what none of them consumes."""

from __future__ import annotations

from types import SimpleNamespace

from celery import Celery
from kombu import Connection

from qtopo.compiler.live import configure
from qtopo.topology.topology import Topology

DATA = {
    "broker": {"transport": "memory"},
    "exchanges": {"spare": {"type": "topic"}, "dead": {"type": "topic"}},
    "queues": {
        "celery": {},
        "parked": {"exchange": "dead", "routing_key": "d.*", "parking": True},
    },
    "workers": {"w": {"queues": ["celery"]}},
}


def steps_of(app: Celery) -> list[type]:
    return [step for step in app.steps["consumer"] if step.__name__ == "DeclareUnconsumed"]


def test_configure_declares_what_no_worker_does():
    topology, findings = Topology.from_data(DATA)
    assert findings == []
    app = Celery(set_as_current=False)
    configure(app, topology)
    assert app.amqp.router.route({}, "x")["queue"].name == "celery"
    (step,) = steps_of(app)
    with Connection("memory://") as connection:
        step.start(SimpleNamespace(), SimpleNamespace(connection=connection))
        with connection.channel() as channel:
            assert channel.queue_declare("parked", passive=True).queue == "parked"
            assert channel.typeof("spare").type == "topic"
            connection.Producer().publish({"a": 1}, exchange="dead", routing_key="d.x")
            assert channel.basic_get("parked").payload == {"a": 1}
            channel.queue_delete("parked")


def test_configure_adds_nothing_where_all_is_consumed():
    topology, _ = Topology.from_data(
        {"queues": {"celery": {}}, "workers": {"w": {"queues": ["celery"]}}}
    )
    app = Celery(set_as_current=False)
    configure(app, topology)
    assert steps_of(app) == []
