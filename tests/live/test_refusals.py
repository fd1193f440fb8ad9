"""What a rule's page says will fail, fails; what it says to use instead, works.

Each row takes the rule's own `Example` and `Use instead`, and does with both,
on real brokers, what a program would: declare, send, or start the workers.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from celery import Celery, chord
from celery.beat import Scheduler
from fleet import Fleet, Site
from kombu import Connection, Consumer
from kombu.transport.native_delayed_delivery import (
    declare_native_delayed_delivery_exchanges_and_queues,
)

import qtopo
from qtopo.rules import page, registry
from qtopo.topology.routes import Regex

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtopo.topology.topology import Topology

pytestmark = pytest.mark.broker
RULES = {rule.name: rule for rule in registry.rules()}
FINE = "fine"


class Proof(NamedTuple):
    """How a rule's example fails: what is done with it, and what then is seen (an expression)."""

    rule: str
    done: Callable[[Program], str | None]
    seen: str
    # Where the broker of the tests is too old or too new for the corrected form.
    instead: bool = True


class Program:
    """An application with the compiled settings of a topology, on brokers of the tests."""

    def __init__(self, file: Path, urls: dict[str, str]) -> None:
        self.file = file
        self.urls = urls
        self.topology: Topology = qtopo.load(file)
        kind = self.topology.broker.kind.name
        self.broker = urls["redis" if kind == "redis" else "rabbitmq"]
        settings = dict(qtopo.celery_settings(self.topology))
        settings["broker_url"] = self.broker
        results = self.topology.results
        if results is not None and results.kind != "rpc":
            settings["result_backend"] = urls["results"]
        settings["broker_connection_retry_on_startup"] = False
        self.app = Celery(f"refusals-{uuid.uuid4().hex[:8]}", set_as_current=False)
        self.app.conf.update(settings)
        for name, task in self.topology.tasks.items():
            self.task(name, time_limit=task.time_limit, soft_time_limit=task.soft_time_limit)

    def task(self, name: str, **options: Any) -> Any:
        """Return a task that does nothing."""

        def nothing(*_: Any) -> None:
            pass

        return self.app.task(name=name, shared=False, **options)(nothing)

    def sent(self) -> list[str]:
        """Return a task for each route."""
        found = []
        for route in self.topology.routes:
            assert not isinstance(route.task, Regex)
            first = route.task if isinstance(route.task, str) else route.task[0]
            found.append(first.replace("*", "x"))
        return found or [next(iter(self.topology.tasks), "shop.ping")]

    def forget(self) -> None:
        """Take away what was declared: the next program may say otherwise under the same names."""
        with contextlib.suppress(Exception):
            self.app.close()
        if not is_amqp(self.topology):
            with Connection(self.broker) as connection:
                client = connection.default_channel.client
                # The one that keeps other test processes off this database stays.
                for key in client.scan_iter():
                    if key != b"qtopo-test":
                        client.delete(key)
            return
        with Connection(self.broker) as connection:
            for kind, names in (
                ("queue", self.topology.queues),
                ("exchange", self.topology.exchanges),
            ):
                for name in {*names, *self.topology.queues}:
                    with contextlib.suppress(Exception), connection.channel() as channel:
                        getattr(channel, f"{kind}_delete")(name)


def is_amqp(topology: Topology) -> bool:
    return topology.broker.kind.name not in ("redis", "memory")


# What a program does.


def declare(program: Program) -> None:
    """As a worker does at its start."""
    with program.app.connection_for_read() as connection, connection.channel() as channel:
        for queue in program.app.amqp.queues.values():
            queue.bind(channel).declare()


def declare_twice(program: Program) -> None:
    """As a worker does, and a producer beside it."""
    with program.app.connection_for_read() as worker, worker.channel() as channel:
        for queue in program.app.amqp.queues.values():
            queue.bind(channel).declare()
        declare(program)


def publish(program: Program) -> None:
    """Send something to each exchange of the file, declared as Celery's producers do."""
    queues = list(program.app.amqp.queues.values())
    with program.app.producer_pool.acquire() as producer:
        for name in program.topology.exchanges:
            producer.publish({}, exchange=name, routing_key="any", declare=queues, retry=False)


def send(program: Program) -> None:
    for name in program.sent():
        task = program.app.tasks.get(name) or program.task(name)
        task.apply_async()


def send_delayed(program: Program) -> None:
    with program.app.connection_for_write() as connection:
        # As the first worker with a quorum queue does.
        declare_native_delayed_delivery_exchanges_and_queues(connection, "quorum")
    for name, task in program.topology.tasks.items():
        program.app.tasks[name].apply_async(countdown=task.max_delay)


def tick(program: Program) -> None:
    """As beat does when an entry is due."""
    scheduler = Scheduler(program.app, schedule={}, lazy=True)
    scheduler.merge_inplace(dict(program.app.conf.beat_schedule))
    for name in program.topology.beat.schedule:
        scheduler.apply_async(scheduler.schedule[name], advance=False)


def run_chord(program: Program) -> None:
    header = [program.task(name).si() for name in ("shop.charge", "shop.reserve")]
    chord(header, app=program.app)(program.task("shop.confirm").si())


def wait(program: Program) -> None:
    waited = next(name for task in program.topology.tasks.values() for name in task.waits_for)
    result = program.app.tasks[waited].apply_async()
    with contextlib.suppress(program.app.backend.TimeoutError if program.topology.results else ()):
        result.get(timeout=0.2)


def deliver_while_busy(program: Program) -> str:
    """Deliver, while a worker has a task that it has not acknowledged."""
    program.app.send_task("shop.ping")
    queue = program.app.amqp.default_queue
    with (
        program.app.connection_for_read() as connection,
        connection.channel() as channel,
        Consumer(channel, [queue], callbacks=[lambda *_: None], accept=["json"]),
    ):
        connection.drain_events(timeout=2)
        return deliver(program)


def deliver(program: Program) -> str:
    """Send a task for each route; each must lie in its queue afterwards, once and nowhere else."""
    declare(program)
    for name in program.sent():
        expected = qtopo.route(program.topology, name).queue
        program.app.send_task(name)
        held = []
        for queue in program.app.amqp.queues.values():
            held += [queue.name] * consumed(program, queue)
        if held != [expected]:
            return f"in {sorted(held)}" if held else "lost"
    return FINE


def consumed(program: Program, queue: Any) -> int:
    """Take what a queue holds, as a worker would; return how much it was."""
    got: list[Any] = []
    with program.app.connection_for_read() as connection, connection.channel() as channel:
        consumer = Consumer(channel, [queue], on_message=got.append, no_ack=True)
        with consumer, contextlib.suppress(TimeoutError):
            end = time.monotonic() + 3.0
            while time.monotonic() < end:
                connection.drain_events(timeout=0.4)
    return len(got)


def start_as_typed(program: Program) -> str:
    """Start the worker as Celery's own words have it: qtopo prints a line that works."""
    (worker,) = program.topology.workers.values()
    scale = worker.autoscale
    size = f"--autoscale={scale.max},{scale.min}" if scale else f"-c {worker.concurrency}"
    return start(program, f"exec celery -A program:app worker -P {worker.pool} {size}")


def start(program: Program, line: str | None = None) -> str:
    """Start every process with the printed lines, and give them something to do."""
    folder = program.file.parent
    text = program.file.read_text("utf-8").replace("/run/celery/", "var/")
    home = folder / "site"
    home.mkdir()
    (home / "topology.toml").write_text(f'app = {{ celery = "program:app" }}\n{text}', "utf-8")
    (home / "program.py").write_text(PROGRAM, "utf-8")
    site = Site(folder / "copy", home, {"URL": program.broker})
    if line is not None:
        site.qtopo = lambda *_: line
    fleet = Fleet(site, "topology.toml")
    try:
        fleet.start()
        for _ in range(6):
            program.app.send_task("nap", queue=next(iter(program.app.amqp.queues)))
        fleet.until(lambda: len(site.notes("started")) >= 6)
    except AssertionError as error:
        return str(error)
    finally:
        for process in fleet.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    return FINE


PROGRAM = """
import os
import time
import qtopo
from celery import Celery

app = Celery("program")
app.conf.update(qtopo.celery_settings(qtopo.load("topology.toml")))
app.conf.broker_url = os.environ["URL"]


@app.task(name="nap")
def nap():
    time.sleep(1.5)
"""

PROOFS = [
    # RabbitMQ refuses to declare.
    Proof("quorum-invalid-property", declare, "PRECONDITION_FAILED.*invalid property"),
    Proof("quorum-max-priority", declare, "PRECONDITION_FAILED.*x-max-priority", instead=False),
    Proof("quorum-classic-argument", declare, "PRECONDITION_FAILED.*invalid arg"),
    Proof("classic-quorum-argument", declare, "PRECONDITION_FAILED.*invalid arg"),
    Proof("stream-invalid-argument", declare, "PRECONDITION_FAILED.*invalid arg"),
    Proof("argument-wrong-type", declare, "PRECONDITION_FAILED.*expected integer"),
    Proof("argument-out-of-range", declare, "PRECONDITION_FAILED"),
    Proof("dead-letter-key-without-exchange", declare, "PRECONDITION_FAILED"),
    Proof("exchange-type-plugin", declare, "COMMAND_INVALID.*exchange type"),
    Proof("exclusive-queue", declare_twice, "RESOURCE_LOCKED"),
    Proof("name-too-long", declare, "ubyte format"),
    # kombu does, on transports that it plays itself.
    Proof("exchange-type-unsupported", declare, "headers"),
    Proof("topic-pattern-crash", publish, "multiple repeat|nothing to repeat"),
    Proof("redis-reserved-queue-name", deliver_while_busy, "WRONGTYPE"),
    Proof("redis-separator-in-name", deliver, "lost|not enough values|too many values|in "),
    # Celery does, when a task is sent.
    Proof("route-unknown-queue", send, "QueueNotFound"),
    Proof("task-unknown-queue", send, "QueueNotFound"),
    Proof("beat-unknown-queue", tick, "SchedulingError.*reports"),
    Proof("soft-limit-not-below-hard", send, "ValueError: soft_time_limit must be"),
    Proof("delay-below-second", send_delayed, "ValueError: countdown must be"),
    Proof("chord-without-backend", run_chord, "NotImplementedError"),
    Proof("chord-backend-unsupported", run_chord, "NotImplementedError"),
    Proof("waits-without-backend", wait, "NotImplementedError"),
    # Nobody refuses, and the task goes elsewhere.
    Proof("route-key-unbound", deliver, "lost"),
    Proof("headers-route-without-headers", deliver, "lost"),
    Proof("route-key-wrong-queue", deliver, r"in \['sms'\]"),
    Proof("multi-delivery", deliver, r"in \['audit', 'emails'\]"),
    # A worker does not start, or dies.
    Proof("threads-autoscale", start_as_typed, "no attribute 'grow'"),
    Proof("shared-node-file", start, "[Pp]idfile .* already exists"),
    Proof("queue-name-not-selectable", start, "Trying to select queue subset"),
]


def example(proof: Proof, heading: str) -> str:
    return page.blocks(page.read(RULES[proof.rule]).sections[heading])[0]


def outcome(proof: Proof, toml: str, folder: Path, urls: dict[str, str]) -> str:
    """Do it, and say what came of it: `fine`, or what went wrong."""
    folder.mkdir()
    file = folder / "topology.toml"
    file.write_text(toml, "utf-8")
    program = Program(file, urls)
    try:
        return proof.done(program) or FINE
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        program.forget()


@pytest.fixture(scope="module")
def urls(rabbitmq_url: str, redis_broker: str, results_url: str) -> dict[str, str]:
    return {"rabbitmq": rabbitmq_url, "redis": redis_broker, "results": results_url}


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.rule)
def test_it_fails_as_the_page_says(proof: Proof, urls: dict[str, str], tmp_path: Path) -> None:
    came = outcome(proof, example(proof, page.EXAMPLE), tmp_path / "bad", urls)
    assert came != FINE, "nothing failed"
    assert re.search(proof.seen, came, re.DOTALL), came


@pytest.mark.parametrize(
    "proof", [one for one in PROOFS if one.instead], ids=lambda proof: proof.rule
)
def test_what_to_use_instead_works(proof: Proof, urls: dict[str, str], tmp_path: Path) -> None:
    assert outcome(proof, example(proof, page.INSTEAD), tmp_path / "good", urls) == FINE


def test_a_rule_is_proven_once() -> None:
    assert len({one.rule for one in PROOFS}) == len(PROOFS)


def test_what_is_a_warning_works_at_first(urls: dict[str, str], tmp_path: Path) -> None:
    """The queue is bound to the exchange of the file: nothing is refused, and tasks arrive."""
    proof = Proof("own-exchange-conflict", declare, "")
    toml = example(proof, page.EXAMPLE)
    assert outcome(proof, toml, tmp_path / "declared", urls) == FINE
    assert outcome(proof._replace(done=deliver), toml, tmp_path / "sent", urls) == FINE
