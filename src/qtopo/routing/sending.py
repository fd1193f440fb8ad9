"""What the process that sends knows: its queues, its routers, its defaults.

`sending` gives what Celery has once it has read the settings that qtopo
compiles from a topology; other settings make other values of `Sending`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from qtopo.routing.table import table
from qtopo.topology.common import EMPTY
from qtopo.topology.publishing import publishing
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.routing.table import Decision
    from qtopo.topology.finding import Path
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

AMQP = "amqp"
"""kombu's word for the driver of RabbitMQ."""

MADE_UP_NAME = "bcast.<uuid>"
"""What stands for the name that kombu makes up for a broadcast queue in each process."""


class QueueFacts(NamedTuple):
    """A queue as the sending process knows it.

    `exchange` and `routing_key` are those that Celery publishes with: for a
    queue with several bindings the default ones. `delivery_mode` is the
    exchange's; `broadcast` says whether it is kombu's `Broadcast`, whose real
    name is made up; `path` its key path in the file.
    """

    name: str
    exchange: str
    exchange_type: str | None = "direct"
    routing_key: str | None = None
    delivery_mode: Any = None
    quorum: bool = False
    broadcast: bool = False
    path: Path | None = None


class RouteValue(NamedTuple):
    """What a router answers: the options of a route, and the key path it stands at."""

    options: Mapping[str, Any]
    path: Path | None = None


class Router(Protocol):
    """One router of `task_routes`."""

    def find(self, name: str) -> RouteValue | None:
        """Return what the router says of a task; None asks the next router."""


class Sending(NamedTuple):
    """What Celery has after completing `app.amqp.queues` and reading `task_routes`.

    `queues` are by name, `aliases` by their other name, which counts first;
    `routers` are asked in order. `defaults` are what the settings put where a
    task says nothing, by the task's attribute (`priority`, `time_limit`,
    `soft_time_limit`). `missing_exchange_type` and `missing_queue_type` are what
    a queue is created with that is not there. `annotations` are those of
    `task_annotations`, in order. `driver` is kombu's word for the transport
    (`amqp`, `redis`, `memory`, ...).
    """

    queues: Mapping[str, QueueFacts]
    routers: tuple[Router, ...] = ()
    aliases: Mapping[str, QueueFacts] = EMPTY
    default_queue: str = "celery"
    default_exchange: str = "celery"
    default_exchange_type: str = "direct"
    default_routing_key: str | None = "celery"
    default_delivery_mode: Any = 2
    defaults: Mapping[str, Any] = EMPTY
    create_missing: bool = True
    missing_exchange_type: str | None = None
    missing_queue_type: str | None = None
    annotations: tuple[Mapping[str, Any], ...] = ()
    inherit_parent_priority: bool = False
    always_eager: bool = False
    driver: str = AMQP
    default_path: Path | None = None

    @property
    def quorum(self) -> bool:
        """Whether Celery takes this for an application with quorum queues.

        It looks each queue up by its name, which may be another one's alias.
        """
        return self.driver == AMQP and any(
            self.aliases.get(name, queue).quorum for name, queue in self.queues.items()
        )


def sending(topology: Topology) -> Sending:
    """Return what a process with the topology's compiled settings knows; built once."""
    return topology.wiring.memo("routing.sending", lambda: _sending(topology))


class _TopologyRouter:
    """The routes of a file: the look-up is the table's, what it costs is the first time only."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._find = table(topology).find
        self._known: dict[Path, RouteValue | None] = {}

    def find(self, name: str) -> RouteValue | None:
        decision = self._find(name)
        path = decision.path
        if path not in self._known:
            self._known[path] = self._value(decision)
        return self._known[path]

    def _value(self, decision: Decision) -> RouteValue | None:
        published = publishing(self._topology, decision.route)
        # Tasks that no route takes have one only where they need a priority.
        if decision.route is None and published.wire_priority is None:
            return None
        return RouteValue(published.options(), decision.path)


def _sending(topology: Topology) -> Sending:
    kind, settings = topology.broker.kind, topology.settings
    default = topology.default_queue
    queues = {name: _facts(topology, queue) for name, queue in topology.queues.items()}
    if not queues:
        queues = {default: QueueFacts(default, default, "direct", default)}
    return Sending(
        queues=queues,
        routers=(_TopologyRouter(topology),),
        default_queue=default,
        default_exchange=default,
        default_routing_key=default,
        default_delivery_mode=settings.get("task_default_delivery_mode", 2),
        # `[settings]` cannot give task_default_priority.
        defaults={
            key: settings[name]
            for key in ("time_limit", "soft_time_limit")
            if settings.get(name := f"task_{key}") is not None
        },
        create_missing=topology.defaults.create_missing_queues,
        annotations=_annotations(topology),
        inherit_parent_priority=bool(settings.get("task_inherit_parent_priority")),
        always_eager=bool(settings.get("task_always_eager")),
        driver=AMQP if kind.name == "rabbitmq" else kind.name,
        default_path=("defaults", "queue") if topology.defaults.queue else None,
    )


def _facts(topology: Topology, queue: Queue) -> QueueFacts:
    path: Path = ("queues", queue.name)
    quorum = (queue.type or queue.arguments.get("x-queue-type")) == "quorum"
    default = topology.default_queue
    if queue.bindings:
        # kombu drops the queue's own exchange, and Celery puts its default one there.
        return QueueFacts(queue.name, default, "direct", default, quorum=quorum, path=path)
    (binding,) = topology.wiring.bindings[queue.name]
    return QueueFacts(
        queue.name,
        binding.exchange,
        topology.wiring.exchange_type(binding.exchange),
        binding.routing_key or default,
        quorum=quorum,
        broadcast=queue.broadcast and not topology.broker.kind.virtual,
        path=path,
    )


def _annotations(topology: Topology) -> tuple[Mapping[str, Any], ...]:
    """Return the annotations as they are compiled: the file's facts, `[settings]` over them."""
    own: dict[str, dict[str, Any]] = {}
    for name, task in topology.tasks.items():
        facts = {"time_limit": task.time_limit, "soft_time_limit": task.soft_time_limit}
        said = {key: value for key, value in facts.items() if value is not None}
        if said and name != "*":
            own[name] = said
    theirs = thaw(topology.settings.get("task_annotations"))
    if isinstance(theirs, dict):
        for name, facts in theirs.items():
            both = name in own and isinstance(facts, dict)
            own[name] = {**own[name], **facts} if both else facts
        theirs = []
    # The path of an object among them is not ours to import.
    listed = theirs if isinstance(theirs, list) else []
    others = [one for one in listed if isinstance(one, dict)]
    return (*others, own) if own else tuple(others)
