"""Celery is the oracle: random topologies are emitted, loaded, and routed by Celery itself."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import shlex
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.bin.celery import celery as celery_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qtopo
from qtopo.topology.topology import Topology
from strategies import names, topologies

SLOW = settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Listening:
    """A producer that publishes nothing and remembers what it was asked to."""

    def __init__(self) -> None:
        self.published: dict[str, Any] = {}
        self.connection = self
        self.channel = self
        self.auto_declare = False

    @contextlib.contextmanager
    def _reraise_as_library_errors(self):
        yield

    def publish(self, body, **options):
        self.published = options


@contextlib.contextmanager
def loaded(topology: Topology, **changes: str):
    """A Celery application with the topology's settings."""
    app = Celery("oracle", set_as_current=False)
    # Where results go has no part in routing, and looking for it costs time.
    app.conf.update(
        {**qtopo.celery_settings(topology), "result_backend": "cache+memory://", **changes}
    )
    try:
        yield app
    finally:
        app.close()


def sent(app: Celery, task: str) -> dict[str, Any]:
    """What Celery would publish for a task."""
    producer = Listening()
    app.send_task(task, producer=producer)
    return producer.published


def agrees(app: Celery, topology: Topology, task: str) -> None:
    routed = qtopo.route(topology, task)
    resolved = app.amqp.router.route({}, task)
    queue = resolved["queue"]
    assert (queue.alias or queue.name) == routed.queue
    published = sent(app, task)
    where = (published["exchange"], published["routing_key"], published.get("priority"))
    assert where == (routed.publish.exchange, routed.publish.routing_key, routed.publish.priority)
    assert queue.exchange.name == routed.exchange or published["exchange"] == routed.exchange
    assert queue.exchange.type == routed.exchange_type or published["exchange"] == routed.exchange


@SLOW
@given(topologies(), st.lists(names(), max_size=5), st.data())
def test_celery_routes_every_task_as_we_say(data, others, draw):
    topology, findings = Topology.from_data(data)
    assert findings == []
    stems = [
        text
        for route in topology.routes
        for text in (*route.names, *(glob.replace("*", "x") for glob in route.globs))
    ]
    with loaded(topology) as app:
        for task in dict.fromkeys([*topology.known_tasks(), *stems, *others]):
            agrees(app, topology, task)


@SLOW
@given(topologies())
def test_celery_accepts_every_command(data):
    topology, _ = Topology.from_data(data)
    from qtopo.compiler.processes import worker_processes

    for process in worker_processes(topology):
        argv = list(process.argv)
        assert shlex.split(shlex.join(argv)) == argv
        assert argv[0] == "celery"
        group, arguments = celery_command, argv[1:]
        # `celery -A APP COMMAND ...`: the command's own parser judges the rest.
        at = 2 if arguments[0] == "-A" else 0
        command = group.commands[arguments[at]]
        with command.make_context(
            command.name, arguments[at + 1 :], resilient_parsing=True
        ) as context:
            if process.kind == "worker":
                assert tuple(context.params["queues"]) == process.queues
                # Celery has put the host's name in; ours came through as it is.
                assert context.params["hostname"].rpartition("@")[0] == process.name


EXAMPLES = sorted(Path(__file__).parents[2].glob("topologies/*.toml"))


@contextlib.contextmanager
def emitted(topology: Topology):
    """A Celery application with the module that was emitted for an example."""
    package = str(topology.app.celery).partition(".")[0]
    file = EXAMPLES[0].parent / package / "celeryconfig.py"
    spec = importlib.util.spec_from_file_location(f"emitted_{package}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    namespace = "CELERY" if hasattr(module, "CELERY_TASK_QUEUES") else None
    app = Celery(package, set_as_current=False)
    app.config_from_object(module, namespace=namespace)
    app.conf.result_backend = "cache+memory://"
    try:
        yield app
    finally:
        app.close()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_emitted_module_of_an_example_routes_a_thousand_random_names(file):
    rng = random.Random("qtopo")
    topology = qtopo.load(file)
    known = topology.known_tasks()
    words = sorted({word for name in known for word in name.split(".")})
    words += ["x", "celery", "backend_cleanup"]
    made_up = [".".join(rng.choices(words, k=rng.randint(1, 4))) for _ in range(1000)]
    with emitted(topology) as app:
        for task in dict.fromkeys([*known, *made_up]):
            agrees(app, topology, task)


@pytest.mark.parametrize(
    "transport",
    ["sqs", "gcpubsub", "azureservicebus", "pgmq", "filesystem", "sqlalchemy", "mongodb", "kafka"],
)
def test_every_transport_routes(transport):
    topology, _ = Topology.from_data(
        {
            "broker": {"transport": transport, "url": "env:NOT_SET"},
            "queues": {"celery": {}, "a": {}},
            "routes": [{"task": "t.*", "queue": "a"}],
        }
    )
    # The clients of most are not installed, and take no part in routing.
    with loaded(topology, broker_url="memory://") as app:
        agrees(app, topology, "t.x")
        agrees(app, topology, "other")
