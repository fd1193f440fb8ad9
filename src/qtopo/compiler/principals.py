"""Who connects to the broker, and what for: each worker, beat, what sends, what watches.

A task may send any other, in code that the file does not show: so workers, and
producers such as a web application, may send what the file says goes anywhere.
Beat sends what its schedule says, where the file holds all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.publishing import publishing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtopo.topology.beat import Beat
    from qtopo.topology.routes import Route
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

    Find = Callable[[str], Route | None]

WORKER, BEAT, PRODUCER, CONTROL = "worker", "beat", "producer", "control"

CLEANUP = "celery.backend_cleanup"
"""What beat sends by itself every night, unless results go by themselves."""

_IN_FILE = "persistent"


class Sent(NamedTuple):
    """That messages for `queue` are published to `exchange`; the anonymous one is empty."""

    queue: str
    exchange: str


class Principal(NamedTuple):
    """Who connects.

    `kind` is worker, beat, producer (whatever sends tasks) or control (what
    watches and commands workers: `celery inspect`, Flower); `name` is the worker's,
    else the kind. `consumes` are queues; `at_once` says that nothing is sent with a
    delay; `node` is a worker's name, and whether it is one of several. The other
    flags say what a worker takes part in: `remote` control, `mingle` and `gossip`
    with the others, and `events`.
    """

    kind: str
    name: str
    consumes: tuple[str, ...] = ()
    sends: tuple[Sent, ...] = ()
    at_once: bool = False
    node: tuple[str, bool] | None = None
    remote: bool = False
    mingle: bool = False
    gossip: bool = False
    events: bool = False


def principals(topology: Topology, find: Find) -> list[Principal]:
    """Return who connects: workers in the order of the file, beat, producers, control.

    Workers that are switched off are left out. `find` says which route decides a
    task (routing's table).
    """
    everything = _everything(topology)
    found = [
        _worker(topology, worker, everything)
        for worker in topology.workers.values()
        if worker.replicas or worker.scale is not None
    ]
    told = bool(topology.settings.get("task_send_sent_event"))
    beat = topology.beat
    if beat is not None and beat.replicas:
        sends = everything
        in_file = beat.scheduler == _IN_FILE
        if in_file:
            sends = _scheduled(topology, beat, find)
        found.append(Principal(BEAT, BEAT, sends=sends, at_once=in_file, events=told))
    found.append(Principal(PRODUCER, PRODUCER, sends=everything, events=told))
    found.append(Principal(CONTROL, CONTROL))
    return found


def _everything(topology: Topology) -> tuple[Sent, ...]:
    """Return where routes, tasks and the default queue lead, and what workers consume.

    A queue that is consumed and that no route leads to gets its messages from
    callers that name it.
    """
    leads: list[Route | None] = [None, *topology.routes]
    found = _sent(topology, leads)
    queues = [task.queue for task in topology.tasks.values() if task.queue]
    queues += [name for name in topology.queues if topology.wiring.consumers.get(name)]
    return tuple(dict.fromkeys((*found, *_named(topology, queues))))


def _scheduled(topology: Topology, beat: Beat, find: Find) -> tuple[Sent, ...]:
    entries = beat.schedule.values()
    leads = [find(CLEANUP), *(find(one.task) for one in entries if not one.queue)]
    named = _named(topology, [one.queue for one in entries if one.queue])
    return tuple(dict.fromkeys((*_sent(topology, leads), *named)))


def _sent(topology: Topology, leads: Iterable[Route | None]) -> list[Sent]:
    published = [publishing(topology, route) for route in leads]
    return [
        Sent(one.queue, one.wire_exchange) for one in published if one.wire_exchange is not None
    ]


def _named(topology: Topology, queues: Iterable[str]) -> list[Sent]:
    published = [publishing(topology, None, queue=name) for name in queues]
    return [
        Sent(one.queue, one.wire_exchange) for one in published if one.wire_exchange is not None
    ]


def _worker(topology: Topology, worker: Worker, sends: tuple[Sent, ...]) -> Principal:
    settings, flags = topology.settings, worker.extra_args
    gossip = "--without-gossip" not in flags
    said = "-E" in flags or "--task-events" in flags or settings.get("worker_send_task_events")
    heart = "--without-heartbeat" not in flags
    return Principal(
        WORKER,
        worker.name,
        tuple(dict.fromkeys(worker.queues)),
        sends,
        node=(worker.name, worker.replicas > 1),
        remote=bool(settings.get("worker_enable_remote_control", True)),
        mingle="--without-mingle" not in flags,
        gossip=gossip,
        events=bool(gossip or heart or said or settings.get("task_send_sent_event")),
    )
