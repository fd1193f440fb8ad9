"""Holds emitted settings against Celery itself.

A fresh app loads them, and Celery's own router and message sender say where
each task goes; `topology.publishing` says where it should. Nothing connects:
the producer writes down what it is told to publish.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.listener import Listener
from qtopo.compiler.routes import Routes
from qtopo.emit.base import Proof
from qtopo.errors import ProofError
from qtopo.topology.publishing import ANONYMOUS, Publishing, publishing
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qtopo.emit.base import Job
    from qtopo.topology.topology import Topology

_REPORT = "this is a fault of qtopo's, and nothing was written: please report it with the topology"
_EVERY = 100


class Sent(NamedTuple):
    """What Celery publishes; `refused` is what it raised instead."""

    exchange: str | None
    routing_key: str | None
    priority: int | None
    delivery_mode: Any
    headers: dict[str, Any]
    refused: str | None = None


def prove_module(text: str, job: Job, progress: Callable[[int, int], None] | None = None) -> Proof:
    """Prove the text of a Python module, with or without a namespace; raises ProofError."""
    with _loaded(text) as module:
        app = _app()
        app.config_from_object(module, namespace=job.namespace)
        return _prove(app, job, progress)


def prove_settings(
    settings: dict[str, Any], job: Job, progress: Callable[[int, int], None] | None = None
) -> Proof:
    """Prove settings that are given to `app.conf.update`; raises ProofError."""
    app = _app()
    app.conf.update(settings)
    return _prove(app, job, progress)


def send(app: Any, task: str, options: dict[str, Any], *, registered: bool) -> Sent:
    """Return what an app publishes for a task that is sent with `options`.

    A registered task is sent as `delay` does, another as `send_task`; Celery's
    rules differ between the two.
    """
    from kombu.exceptions import OperationalError

    producer = Listener()
    try:
        if registered:
            app.tasks[task].apply_async(producer=producer, ignore_result=True, **options)
        else:
            app.send_task(task, producer=producer, ignore_result=True, **options)
    except OperationalError:
        raise
    except Exception as error:
        return Sent(None, None, None, None, {}, f"{type(error).__name__}: {error}")
    (published,) = producer.published
    return Sent(
        published.get("exchange"),
        published.get("routing_key"),
        published.get("priority"),
        published.get("delivery_mode"),
        published.get("headers") or {},
    )


def _app() -> Any:
    """Return an app that is nobody's current one and reads no configuration by itself."""
    from celery import Celery

    app = Celery("qtopo-proof", set_as_current=False, fixups=(), loader="app")
    # Else it would take in every shared task of this process, with what its
    # decorator says: the settings alone are to be proved.
    app.finalized = True
    app.config_from_object({})
    return app


@contextlib.contextmanager
def _loaded(text: str) -> Iterator[Any]:
    """Run a module's text, and leave no trace of it in this process.

    Its signal handlers are taken off again, and a solar schedule loads without
    the library it needs where the app runs.
    """
    from types import ModuleType

    from celery import schedules, signals

    class Solar(schedules.solar):  # type: ignore[misc, unused-ignore]
        def __init__(self, *args: Any, **_: Any) -> None:
            schedules.BaseSchedule.__init__(self)
            self.args = args

    module = ModuleType("celeryconfig")
    receivers, solar = list(signals.celeryd_init.receivers or ()), schedules.solar
    schedules.solar = Solar
    try:
        exec(compile(text, "<emitted>", "exec"), module.__dict__)  # noqa: S102
        yield module
    finally:
        schedules.solar = solar
        signals.celeryd_init.receivers = receivers


def _prove(app: Any, job: Job, progress: Callable[[int, int], None] | None) -> Proof:
    import celery

    topology = job.topology
    routes = Routes(topology)
    known = list(dict.fromkeys((*topology.known_tasks(), *job.known_tasks)))
    names = list(dict.fromkeys((*known, *_probes(routes))))
    _quiet(app)
    try:
        _prove_queues(app, topology)
        _register(app, known)
        for done, name in enumerate(names):
            if progress is not None and done % _EVERY == 0:
                progress(done, len(names))
            expected = publishing(topology, routes.decide(name))
            for registered in (True, False) if name in app.tasks else (False,):
                # send_task knows a registered task's own options too: send it
                # under the name alone, as another program would.
                with _unregistered(app, name, registered):
                    sent = send(app, name, {}, registered=registered)
                _compare(f"task {name!r}", topology, expected, sent)
        _prove_beat(app, topology, routes)
        if progress is not None:
            progress(len(names), len(names))
    finally:
        app.close()
    return Proof(len(known), celery.__version__)


def _quiet(app: Any) -> None:
    """Set aside what has nothing to do with routing and would reach out of this process."""
    app.backend_cls = "disabled"
    app.conf.task_always_eager = False
    app.conf.task_send_sent_event = False
    annotations = app.conf.task_annotations
    if isinstance(annotations, str):
        app.conf.task_annotations = None
    elif isinstance(annotations, (list, tuple)):
        # Paths of objects of the user's, which need not be here.
        app.conf.task_annotations = [one for one in annotations if not isinstance(one, str)]


def _register(app: Any, names: Iterable[str]) -> None:
    for name in names:
        # Not shared: a shared task would appear in every app made later. Not
        # typed: arguments do not matter, and checking them costs.
        if name and name not in app.tasks:
            app.task(name=name, shared=False, typing=False)(_body)


def _body() -> None:
    """Stand in for a task: it is sent, never run."""


@contextlib.contextmanager
def _unregistered(app: Any, name: str, registered: bool) -> Iterator[None]:
    task = None if registered else app.tasks.pop(name, None)
    try:
        yield
    finally:
        if task is not None:
            app.tasks[name] = task


def _probes(routes: Routes) -> Iterator[str]:
    """Yield a name nobody knows for each pattern with a star."""
    for pattern in routes.patterns:
        if isinstance(pattern.key, str):
            name = pattern.key.replace("*", "qtopo.probe").replace("?", "q")
            if routes.pattern(name) is not None:
                yield name


def _prove_queues(app: Any, topology: Topology) -> None:
    """Every queue is there, bound as the file says; an exact tie, whatever is published."""
    for name, bindings in topology.wiring.bindings.items():
        queue = app.amqp.queues[name]
        if topology.queues[name].bindings:
            found = {(one.exchange.name, one.routing_key) for one in queue.bindings}
        else:
            found = {(queue.exchange.name, queue.routing_key)}
        wanted = {(one.exchange, one.routing_key) for one in bindings}
        if found != wanted:
            raise ProofError(f"Celery binds queue {name!r} to {found!r}, not {wanted!r}", _REPORT)


def _prove_beat(app: Any, topology: Topology, routes: Routes) -> None:
    """An entry's options go over its task's route as the file says."""
    if topology.beat is None:
        return
    for name, entry in topology.beat.schedule.items():
        options = dict(app.conf.beat_schedule[name].get("options", {}))
        # As beat does, which lays them over the route's headers.
        options["headers"] = {**options.get("headers", {}), "celery_beat_task": True}
        expected = publishing(
            topology, routes.decide(entry.task), queue=entry.queue, routing_key=entry.routing_key
        )
        for registered in (True, False):
            with _unregistered(app, entry.task, registered):
                sent = send(app, entry.task, options, registered=registered)
            _compare(f"schedule entry {name!r}", topology, expected, sent)


def _compare(what: str, topology: Topology, expected: Publishing, sent: Sent) -> None:
    exchange, key = expected.wire_exchange, expected.wire_key
    if exchange is None:
        # The queue is not declared: Celery refuses it, or creates it where it may.
        if not topology.defaults.create_missing_queues:
            if sent.refused is None or not sent.refused.startswith("QueueNotFound"):
                raise ProofError(f"Celery does not refuse {what}: it sends {sent}", _REPORT)
            return
        exchange, key = ANONYMOUS, expected.queue
    if sent.refused is not None:
        raise ProofError(f"Celery refuses {what}: {sent.refused}", _REPORT)
    wanted: list[tuple[str, Any, Any]] = [
        ("exchange", exchange, sent.exchange),
        ("routing key", key, sent.routing_key),
        # The broker takes no priority for 0.
        ("priority", expected.wire_priority or 0, sent.priority or 0),
    ]
    if topology.broker.kind.priorities == "inverted":
        wanted[-1] = ("priority", expected.wire_priority, sent.priority)
    if expected.delivery_mode is not None:
        wanted.append(("delivery mode", expected.delivery_mode, sent.delivery_mode))
    for key_, value in thaw(expected.headers).items():
        wanted.append((f"header {key_!r}", value, sent.headers.get(key_)))
    for aspect, ours, theirs in wanted:
        if ours != theirs:
            raise ProofError(
                f"Celery sends {what} with {aspect} {theirs!r}, and qtopo says {ours!r}", _REPORT
            )
