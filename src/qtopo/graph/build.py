"""Topology to graph: every declared thing and every task known by name, and how they hang together.

Says nothing of how it looks: that is each drawing's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.graph.facts import binding_label, facts, message_label, schedule, step_label
from qtopo.graph.layers import (
    ALTERNATE,
    BINDS,
    CONSUMES,
    DEAD_LETTER,
    DECIDES,
    EXCHANGE_BINDING,
    PUBLISHES,
    RUNS_ON,
    SENDS,
    STEP,
    USES,
    WAITS_FOR,
)
from qtopo.routing.delivery import deliveries
from qtopo.routing.table import table
from qtopo.topology.publishing import ANONYMOUS, publishing
from qtopo.topology.routes import Regex
from qtopo.topology.workflows import steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from networkx import MultiDiGraph

    from qtopo.routing.table import Decision
    from qtopo.topology.finding import Path
    from qtopo.topology.model import Model
    from qtopo.topology.publishing import Publishing
    from qtopo.topology.topology import Topology


def graph(topology: Topology) -> MultiDiGraph:
    """Return the graph of a topology, in the order of the file.

    Nodes are named `task:NAME`, `route:INDEX`, `exchange:NAME`, `queue:NAME`,
    `worker:NAME`, `beat:NAME`, `workflow:NAME`, `machine:NAME`, `resource:NAME`.
    Each has `kind` and `label`, `path` (the key path of what declares it) and
    what the file says of it, durations in seconds and sizes in bytes. What is
    named and not declared is a node with `missing` True and no path; an exchange
    that a queue brings along has `implicit` True.

    Edges have `kind` and `label` and lead the way a message goes:

    - `sends` beat entry to task (`overrides` True where the entry names its queue
      or key, and so has a `publishes` of its own), `step` workflow to task;
    - `decides` task to route;
    - `publishes` from what decides (a route, a task that has its own queue or
      none, a beat entry that names its queue or key) to an exchange, with
      `queue`, `exchange` and `routing_key` as they go on the wire, and
      `delivered_to`, the queues that get it. Celery reaches queues on direct
      exchanges through the anonymous exchange; the edge leads to the queue's own
      exchange all the same, and `exchange` is `""`. Where the queue has several
      bindings, or is missing, it leads to the queue;
    - `binds` exchange to queue, `exchange-binding` exchange to the exchange that
      receives from it, `alternate` exchange to exchange;
    - `consumes` queue to worker (`active` False where the worker has no
      replicas), `runs-on` worker to machine;
    - `dead-letter` queue to exchange (`delivered_to` as far as the key is known);
    - `uses` task to resource, `waits-for` task to task.
    """
    builder = _Builder(topology)
    builder.nodes()
    builder.senders()
    builder.tasks()
    builder.routes()
    builder.exchanges()
    builder.queues()
    builder.workers()
    return builder.graph


class _Builder:
    """Adds one layer after the other: all nodes first, so that what is missing shows."""

    def __init__(self, topology: Topology) -> None:
        from networkx import MultiDiGraph

        self.topology = topology
        self.wiring = topology.wiring
        self.graph: MultiDiGraph = MultiDiGraph()
        self.graph.graph.update(
            app=topology.app.name,
            broker=topology.broker.transport,
            environment=topology.environment,
        )
        self.names = self._task_names()
        self._sent: dict[Path, tuple[Publishing, tuple[str, ...]]] = {}

    def _task_names(self) -> dict[str, Path]:
        """Every task that is named anywhere, with the first place that names it."""
        topology = self.topology
        names: dict[str, Path] = {name: ("tasks", name) for name in topology.tasks}
        for index, route in enumerate(topology.routes):
            for name in route.names:
                names.setdefault(name, ("routes", index, "task"))
        for key, entry in _schedule(topology).items():
            if entry.task:
                names.setdefault(entry.task, ("beat", "schedule", key, "task"))
        for key, workflow in topology.workflows.items():
            for path, name in steps(workflow, ("workflows", key)):
                names.setdefault(name, path)
        for key, task in topology.tasks.items():
            for index, name in enumerate(task.waits_for):
                names.setdefault(name, ("tasks", key, "waits_for", index))
        return names

    def nodes(self) -> None:
        """Add everything that is declared."""
        topology = self.topology
        for name, entry in _schedule(topology).items():
            self._declare("beat", name, ("beat", "schedule", name), entry, "task")
        for name, workflow in topology.workflows.items():
            self._declare(
                "workflow", name, ("workflows", name), workflow, "chain", "group", "chord"
            )
        for name, path in self.names.items():
            self._declare("task", name, path, topology.tasks.get(name), "uses", "waits_for")
        for index, route in enumerate(topology.routes):
            if isinstance(route.task, Regex):
                patterns, how = [f"re:{route.task.regex}"], "regex"
            else:
                patterns = [route.task] if isinstance(route.task, str) else list(route.task or ())
                how = "pattern" if any("*" in one for one in patterns) else "name"
            self._declare(
                "route",
                str(index),
                ("routes", index),
                route,
                "task",
                label=", ".join(patterns),
                index=index,
                patterns=patterns,
                match=how,
            )
        for name, exchange in self.wiring.exchanges.items():
            declared = name in topology.exchanges
            path = ("exchanges" if declared else "queues", name)
            extra: dict[str, Any] = {} if declared else {"implicit": True}
            self._declare("exchange", name, path, exchange, "alternate", "bindings", **extra)
        for name, queue in topology.queues.items():
            self._declare(
                "queue",
                name,
                ("queues", name),
                queue,
                "exchange",
                "routing_key",
                "binding_arguments",
                "bindings",
                "dead_letter",
            )
        for name, worker in topology.workers.items():
            self._declare("worker", name, ("workers", name), worker, "queues", "machine")
        for name, machine in topology.machines.items():
            self._declare("machine", name, ("machines", name), machine)
        for name, resource in topology.resources.items():
            self._declare(
                "resource",
                name,
                ("resources", name),
                resource,
                "kind",
                resource_kind=resource.kind,
            )

    def senders(self) -> None:
        """Add what beat and the workflows send."""
        find = table(self.topology).find
        for name, entry in _schedule(self.topology).items():
            if not entry.task:
                continue
            node = f"beat:{name}"
            own_way = bool(entry.queue or entry.routing_key)
            self._link(node, f"task:{entry.task}", SENDS, schedule(entry), overrides=own_way)
            if own_way:
                decision = find(entry.task)
                sent = publishing(
                    self.topology,
                    decision.route,
                    queue=entry.queue,
                    routing_key=entry.routing_key,
                )
                self._publish(node, sent, self._delivered(sent))
        for name, workflow in self.topology.workflows.items():
            root = ("workflows", name)
            for path, task in steps(workflow, root):
                if task:
                    where = path[len(root) :]
                    self._link(
                        f"workflow:{name}", f"task:{task}", STEP, step_label(where), path=[*path]
                    )

    def tasks(self) -> None:
        """Add what decides for each task, what it changes and what it waits for."""
        find = table(self.topology).find
        for name in self.names:
            decision = find(name)
            node = f"task:{name}"
            if decision.kind == "route":
                label = decision.pattern or ""
                # A route with one pattern shows it already.
                several = isinstance(decision.route and decision.route.task, tuple)
                self._link(
                    node,
                    f"route:{decision.path[1]}",
                    DECIDES,
                    label if several and label != name else "",
                    pattern=label,
                )
            else:
                self._publish(node, *self._own_way(decision), decided_by=decision.kind)
        for name, task in self.topology.tasks.items():
            for resource in task.uses:
                self._refer(f"task:{name}", "resource", resource, USES)
            for other in task.waits_for:
                self._link(f"task:{name}", f"task:{other}", WAITS_FOR)

    def routes(self) -> None:
        """Add what each route means."""
        for index, route in enumerate(self.topology.routes):
            sent = publishing(self.topology, route)
            self._publish(f"route:{index}", sent, self._delivered(sent))

    def exchanges(self) -> None:
        """Add the edges between exchanges."""
        for name, exchange in self.wiring.exchanges.items():
            for binding in exchange.bindings:
                if binding.exchange:
                    self._link(
                        self._node("exchange", binding.exchange),
                        f"exchange:{name}",
                        EXCHANGE_BINDING,
                        binding_label(self.wiring.exchange_type(binding.exchange), binding),
                        routing_key=binding.routing_key,
                        arguments=facts(binding).get("arguments", {}),
                    )
            alternate = exchange.alternate or exchange.arguments.get("alternate-exchange")
            if isinstance(alternate, str) and alternate:
                self._refer(f"exchange:{name}", "exchange", alternate, ALTERNATE)

    def queues(self) -> None:
        """Add the queues' bindings and dead letters."""
        for name, queue in self.topology.queues.items():
            node = f"queue:{name}"
            for binding in self.wiring.bindings[name]:
                if binding.exchange:
                    self._link(
                        self._node("exchange", binding.exchange),
                        node,
                        BINDS,
                        binding_label(self.wiring.exchange_type(binding.exchange), binding),
                        routing_key=binding.routing_key,
                        arguments=facts(binding).get("arguments", {}),
                    )
            if queue.dead_letter is not None:
                self._dead_letter(node, queue.dead_letter.exchange, queue.dead_letter.routing_key)
            else:
                self._raw_dead_letter(node, queue.arguments)

    def workers(self) -> None:
        """Add who consumes what, and where."""
        for name, worker in self.topology.workers.items():
            for queue in dict.fromkeys(worker.queues or ()):
                if queue:
                    self._link(
                        self._node("queue", queue),
                        f"worker:{name}",
                        CONSUMES,
                        active=bool(worker.replicas),
                    )
            if worker.machine:
                self._refer(f"worker:{name}", "machine", worker.machine, RUNS_ON)

    def _declare(
        self, kind: str, name: str, path: Path, model: Model | None, *edges: str, **extra: Any
    ) -> None:
        """Add a node; the keys named in `edges` are drawn as such and no attributes."""
        said = {} if model is None else facts(model, without=edges)
        attributes = {"kind": kind, "label": name, "path": list(path), **said, **extra}
        self.graph.add_node(f"{kind}:{name}", **attributes)

    def _node(self, kind: str, name: str) -> str:
        """Return the node of a name; one that is not declared is added as missing."""
        node = f"{kind}:{name}"
        if node not in self.graph:
            self.graph.add_node(node, kind=kind, label=name, missing=True)
        return node

    def _link(self, start: str, end: str, kind: str, label: str = "", **extra: Any) -> None:
        self.graph.add_edge(start, end, kind=kind, label=label, **extra)

    def _refer(self, start: str, kind: str, name: str, edge: str, label: str = "") -> None:
        if name:
            self._link(start, self._node(kind, name), edge, label)

    def _delivered(self, sent: Publishing) -> tuple[str, ...]:
        if sent.wire_exchange is None:
            return ()
        return deliveries(self.topology).queues(
            sent.wire_exchange, sent.wire_key or "", sent.headers
        )

    def _own_way(self, decision: Decision) -> tuple[Publishing, tuple[str, ...]]:
        """Return where a task goes that no route decides for; the default is looked up once."""
        known = self._sent.get(decision.path)
        if known is None:
            sent = publishing(self.topology, decision.route)
            known = sent, self._delivered(sent)
            if decision.kind == "default":
                self._sent[decision.path] = known
        return known

    def _publish(
        self, start: str, sent: Publishing, delivered: tuple[str, ...], **extra: Any
    ) -> None:
        """Add the edge to the exchange that takes a message, or to the queue it is sent to."""
        if sent.wire_priority is not None:
            extra["priority"] = sent.priority
        target = self.topology.queues.get(sent.queue)
        home = None if target is None else self.wiring.home(target)
        label = ""
        if sent.wire_exchange is None or (sent.wire_exchange == ANONYMOUS and home is None):
            end = self._node("queue", sent.queue)
        elif sent.wire_exchange == ANONYMOUS:
            # Drawn with the key that the queue is bound with: the route's own is
            # not looked at.
            end = self._node("exchange", str(home))
            label = self.wiring.bindings[sent.queue][0].routing_key
        else:
            end = self._node("exchange", sent.wire_exchange)
            kind = self.wiring.exchange_type(sent.wire_exchange)
            label = message_label(kind, sent.wire_key, sent.headers)
        self._link(
            start,
            end,
            PUBLISHES,
            label,
            queue=sent.queue,
            exchange=sent.wire_exchange,
            routing_key=sent.wire_key,
            delivered_to=list(delivered),
            **extra,
        )

    def _raw_dead_letter(self, node: str, arguments: Mapping[str, Any]) -> None:
        exchange = arguments.get("x-dead-letter-exchange")
        key = arguments.get("x-dead-letter-routing-key")
        if isinstance(exchange, str):
            self._dead_letter(node, exchange, key if isinstance(key, str) else None)

    def _dead_letter(self, node: str, exchange: str | None, key: str | None) -> None:
        """Add where dead letters go: to an exchange or, by the anonymous one, to a queue."""
        if exchange:
            end = self._node("exchange", exchange)
        elif exchange == ANONYMOUS and key:
            end = self._node("queue", key)
        else:
            return
        extra: dict[str, Any] = {}
        if key is not None:
            extra["delivered_to"] = list(deliveries(self.topology).queues(exchange, key))
        self._link(node, end, DEAD_LETTER, key or "", exchange=exchange, routing_key=key, **extra)


def _schedule(topology: Topology) -> Mapping[str, Any]:
    return {} if topology.beat is None else topology.beat.schedule
