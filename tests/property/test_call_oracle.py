"""Celery is the oracle for one call: random settings, decorators, annotations, routes, options.

Celery really publishes, up to the wire: `resolve` has to say exchange, key,
queue, priority, delivery mode and headers beforehand, or which exception.

Each test makes 1,000 calls; `TEST_ORACLE_CASES=20000` makes as many as it says.
"""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager

import pytest
from celery import Celery
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import calls
import publishing
import qtopo
import raw_settings
from qtopo.routing.call import Call, Refusal
from qtopo.routing.resolve import resolve
from qtopo.routing.sending import sending
from qtopo.topology.topology import Topology
from strategies import names, topologies

CALLS = 10
CASES = int(os.environ.get("TEST_ORACLE_CASES", "1000"))


def examples(cases: int):
    return hypothesis_settings(
        deadline=None,
        max_examples=max(1, cases // CALLS),
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def application(conf, decorators, transport):
    # Nothing may be sent but by the producer that is given.
    url = f"{transport}://nowhere.invalid"
    app = Celery("oracle", set_as_current=False, broker=url, backend="disabled")
    app.conf.update(conf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, options in decorators.items():
            app.task(name=name, shared=False, **options)(_nothing)
        app.finalize()
        try:
            yield app
        finally:
            app.close()


def _nothing():
    """A task's work."""


def call_of(app_tasks, decorators, drawn) -> Call:
    task, options, method, parent = drawn
    if task not in app_tasks and len(options) % 8:
        method = "send_task"  # the other one raises NotRegistered, which is soon seen
    return Call(
        task,
        options,
        decorators.get(task, {}),
        registered=task in app_tasks,
        method=method,
        parent_priority=parent,
    )


def expected(conf, driver, call):
    try:
        known = raw_settings.sending(conf, driver)
        return publishing.predicted(resolve(known, call))
    except (TypeError, ValueError, AttributeError) as error:
        return publishing.error_name(error)


@pytest.mark.parametrize("transport", ["amqp", "memory"])
@examples(CASES)
@given(data=st.data())
def test_celery_publishes_what_was_said(transport, data):
    amqp = transport == "amqp"
    drawn = data.draw(calls.settings(wire=amqp))
    several = data.draw(st.lists(calls.calls(wire=amqp), min_size=CALLS, max_size=CALLS))
    for one in several:
        # Publishing changes queues that are created, and router answers: each call
        # is made by a process that has made none yet.
        with application(drawn.conf, drawn.decorators, transport) as app:
            call = call_of(app.tasks, drawn.decorators, one)
            said = expected(drawn.conf, transport, call)
            sender, _ = publishing.producer(transport)
            seen = publishing.publish(app, sender, call)
        difference = publishing.differs(seen, said)
        assert not difference, f"{call}\n  {difference}"


def test_a_list_of_pairs_is_taken_for_routers():
    """Celery takes each pair for a router of its own and fails at the first publish."""
    conf = {"task_routes": [("a.*", "b")]}
    with application(conf, {}, "memory") as app:
        sender, _ = publishing.producer("memory")
        assert publishing.publish(app, sender, Call("a.x")) == "ValueError"
    with pytest.raises(ValueError, match="unpack"):
        raw_settings.sending(conf, "memory")


def test_an_eager_application_sends_nothing():
    conf = {"task_always_eager": True}
    call = Call("p.a", {"queue": "nope"}, registered=True, method="apply_async")
    with application({**conf, "task_create_missing_queues": False}, {"p.a": {}}, "memory") as app:
        sender, _ = publishing.producer("memory")
        assert publishing.publish(app, sender, call) is None
    found = resolve(raw_settings.sending(conf, "memory"), call)
    assert isinstance(found, Refusal)
    assert found.error == ""


SETTINGS = {
    "task_default_delivery_mode": [1, "transient", "persistent"],
    "task_inherit_parent_priority": [True, False],
    "task_time_limit": [15],
    "task_soft_time_limit": [20],
}


@st.composite
def topologies_with_settings(draw):
    data = draw(topologies())
    known = [*data.get("queues", {}), "nope"]
    some = {
        key: draw(st.sampled_from(values))
        for key, values in SETTINGS.items()
        if draw(st.integers(0, 3)) == 0
    }
    named = st.sampled_from([*data.get("tasks", {}), "p.a", "*"])
    attributes = st.dictionaries(
        st.sampled_from(["queue", "routing_key"]), st.sampled_from(known), max_size=2
    )
    annotation = st.dictionaries(named, attributes, max_size=2)
    kind = draw(st.integers(0, 3))
    if kind == 0:
        some["task_annotations"] = draw(annotation)
    elif kind == 1:
        some["task_annotations"] = draw(st.lists(annotation, max_size=3))
    if some:
        data = {**data, "settings": {**data.get("settings", {}), **some}}
    return data


@examples(CASES)
@given(topologies_with_settings(), st.data())
def test_a_compiled_topology_publishes_what_was_said(data, draw):
    topology, findings = Topology.from_data(data)
    assert findings == []
    amqp = topology.broker.kind.name == "rabbitmq"
    tasks = [*topology.known_tasks(), "p.a", "x", *(draw.draw(names()) for _ in range(2))]
    known = [*topology.queues, "nope"]
    own = draw.draw(st.dictionaries(st.sampled_from(tasks), _decorators(known), max_size=3))
    pick = st.sampled_from(tasks)
    for _ in range(CALLS):
        task, options = draw.draw(pick), draw.draw(_options(known, topology.wiring.exchanges))
        call = Call(
            task,
            options,
            own.get(task, {}),
            registered=task in own or task == "celery.backend_cleanup",
            method=draw.draw(st.sampled_from(["send_task", "apply_async"]))
            if task in own
            else "send_task",
            parent_priority=draw.draw(st.sampled_from([None, None, 6])),
        )
        with compiled(topology, own, "amqp" if amqp else "memory") as app:
            sender, _ = publishing.producer("amqp")
            seen = publishing.publish(app, sender, call)
        # Whatever the transport: what is compared is what Celery hands over.
        found = resolve(sending(topology)._replace(driver="amqp" if amqp else "memory"), call)
        difference = publishing.differs(seen, publishing.predicted(found))
        assert not difference, f"{call}\n  {difference}"


@contextmanager
def compiled(topology, own, transport):
    conf = qtopo.celery_settings(topology)
    conf = {key: conf[key] for key in conf if not key.startswith(("broker", "result", "beat"))}
    with application(conf, own, transport) as app:
        yield app


def _decorators(queues):
    return calls.some(
        {
            "queue": (40, st.sampled_from(queues)),
            "priority": (30, st.sampled_from([0, 3, 9])),
            "routing_key": (20, st.sampled_from(calls.KEYS)),
        }
    )


def _options(queues, exchanges):
    return calls.some(
        {
            "queue": (30, st.sampled_from([*queues, None, ""])),
            "exchange": (15, st.sampled_from([*exchanges, "nowhere"])),
            "routing_key": (20, st.sampled_from([*calls.KEYS, None])),
            "priority": (20, st.sampled_from([None, 0, 5, 9])),
            "delivery_mode": (10, st.sampled_from([1, 2, "persistent"])),
            "countdown": (20, st.sampled_from([0, 0.5, 5, 2**28])),
            "headers": (10, st.just({"k": "v"})),
        }
    )
