"""The least that each principal needs on RabbitMQ, as it checks configure, write and read.

kombu declares whatever it uses each time, so what is sent to or consumed is
configured as well, and with that may be deleted. To declare RabbitMQ asks more: a
binding needs write on what receives and read on the source, a dead-letter
exchange write on it and read on the queue, an alternate exchange write on it
and read on the exchange. The anonymous exchange goes by the name of amq.default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.compiler.broker import (
    DELIVERY,
    LEVELS,
    Objects,
    control_exchange,
    event_exchange,
    level,
    on_rabbitmq,
)
from qtopo.compiler.principals import BEAT, CONTROL, WORKER
from qtopo.compiler.queues import compile_declared
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.compiler.broker import Binding, Exchange, Queue
    from qtopo.compiler.principals import Principal
    from qtopo.topology.topology import Topology

ANONYMOUS = "amq.default"
"""What RabbitMQ calls the exchange without a name when it checks permissions."""

LONGEST = 60_000
"""Bytes of an expression that RabbitMQ's regular expressions take (64 KiB once compiled)."""

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SPECIAL = frozenset("\\.^$*+?()[]{}|")
_LEVEL = "celery_delayed_([0-9]|1[0-9]|2[0-7])"


class Access(NamedTuple):
    """Three regular expressions over the names of exchanges and queues; empty allows nothing."""

    configure: str
    write: str
    read: str


class Permissions:
    """What a topology's principals need; each question is answered from one compilation."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        there = on_rabbitmq(topology)
        self._delayed = there.delayed
        self._late = {one.name for one in there.delayed.bindings if one.kind == QUEUE}
        self._declared = compile_declared(topology)
        self._exchanges = {one.name: one for one in there.declared.exchanges}
        self._queues = {one.name: one for one in there.declared.queues}
        self._bindings: dict[str, list[Binding]] = {}
        for one in there.declared.bindings:
            if one.kind == QUEUE:
                self._bindings.setdefault(one.name, []).append(one)

    def of(self, principal: Principal) -> Access:
        """Return what one principal needs."""
        need = _Need()
        for sent in principal.sends:
            self._send(need, sent.queue, sent.exchange)
            if sent.queue in self._late and not principal.at_once:
                need.write.add(level(LEVELS - 1))
        for name in principal.consumes:
            self._consume(need, name)
        if principal.kind == WORKER:
            self._start(need)
            if self._topology.settings.get("worker_direct") and principal.node is not None:
                need.queue(f"{_node(principal.node)}\\.dq2", escape("C.dq2"))
        self._control(need, principal)
        self._results(need, principal)
        return need.access()

    def _send(self, need: _Need, name: str, exchange: str) -> None:
        queue = self._queues.get(name)
        if queue is not None:
            # Celery declares the queue of every message it sends, but no broadcast.
            self._declare(need, queue)
        need.write.add(escape(exchange or ANONYMOUS))

    def _consume(self, need: _Need, name: str) -> None:
        queue = self._queues.get(name)
        if queue is not None:
            self._declare(need, queue)
            need.read.add(escape(name))
        elif name in self._topology.queues:
            (binding,) = self._topology.wiring.bindings[name]
            self._declare_exchange(need, self._exchanges[binding.exchange])
            need.queue(f"bcast\\.{UUID}", escape(binding.exchange))

    def _start(self, need: _Need) -> None:
        """What every worker declares when it starts: what nobody consumes, and the detour."""
        for name in self._declared.queues:
            self._declare(need, self._queues[name])
        for one in self._declared.exchanges:
            self._declare_exchange(need, self._exchanges[one.name])
        for tie in self._declared.bindings:
            for value in (tie.exchange, tie.source):
                self._declare_exchange(need, self._exchanges[value.name])
            need.write.add(escape(tie.exchange.name))
            need.read.add(escape(tie.source.name))
        if self._delayed == Objects():
            return
        for names in (need.configure, need.write, need.read):
            names.add(_LEVEL)
        need.configure.add(DELIVERY)
        need.write.add(DELIVERY)
        need.read.add(DELIVERY)
        for late in self._delayed.bindings:
            if late.name not in self._declared_names:
                continue
            need.write.add(escape(late.name))
            if late.source in self._exchanges:
                need.read.add(escape(late.source))

    @property
    def _declared_names(self) -> set[str]:
        return {*self._exchanges, *self._queues}

    def _declare(self, need: _Need, queue: Queue) -> None:
        name = escape(queue.name)
        need.configure.add(name)
        for one in self._bindings.get(queue.name, ()):
            self._declare_exchange(need, self._exchanges[one.source])
            need.write.add(name)
            need.read.add(escape(one.source))
        if queue.dead_letter is not None:
            need.read.add(name)
            need.write.add(escape(queue.dead_letter or ANONYMOUS))

    def _declare_exchange(self, need: _Need, exchange: Exchange) -> None:
        if exchange.name.startswith("amq."):
            # kombu never declares those.
            return
        need.configure.add(escape(exchange.name))
        if exchange.alternate is not None:
            need.read.add(escape(exchange.name))
            need.write.add(escape(exchange.alternate or ANONYMOUS))

    def _control(self, need: _Need, principal: Principal) -> None:
        stem = escape(control_exchange(self._topology))
        commands, replies = f"{stem}\\.pidbox", f"reply\\.{stem}\\.pidbox"
        events = escape(event_exchange(self._topology))
        watches = principal.kind == CONTROL
        if principal.remote and principal.node is not None:
            need.queue(f"{_node(principal.node)}\\.{commands}", commands)
            need.exchange(replies)
        if principal.mingle or watches:
            need.exchange(commands)
            need.configure.add(replies)
            need.queue(f"{UUID}\\.{replies}", replies)
        if principal.events:
            need.exchange(events)
        if principal.gossip or watches:
            prefix = self._topology.settings.get("event_queue_prefix") or "celeryev"
            need.queue(f"{escape(str(prefix))}\\.{UUID}", events)

    def _results(self, need: _Need, principal: Principal) -> None:
        results = self._topology.results
        if results is None or results.kind != "rpc" or principal.kind in (BEAT, CONTROL):
            return
        # Results come to a queue of the process that sent the task.
        need.configure.add(UUID)
        need.read.add(UUID)
        if principal.kind == WORKER:
            need.write.add(escape(ANONYMOUS))


def escape(name: str) -> str:
    """Return an expression that matches a name and no other."""
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in name)


class _Need:
    """Names, as expressions, under each of the three permissions."""

    def __init__(self) -> None:
        self.configure: set[str] = set()
        self.write: set[str] = set()
        self.read: set[str] = set()

    def queue(self, name: str, exchange: str) -> None:
        """Add a queue of a process's own: declared, bound to an exchange, consumed."""
        self.configure |= {name, exchange}
        self.write.add(name)
        self.read |= {name, exchange}

    def exchange(self, name: str) -> None:
        """Add an exchange that is declared and published to."""
        self.configure.add(name)
        self.write.add(name)

    def access(self) -> Access:
        return Access(_any(self.configure), _any(self.write), _any(self.read))


def _any(names: Iterable[str]) -> str:
    listed = "|".join(sorted(names))
    return f"^({listed})$" if listed else ""


def _node(node: tuple[str, bool]) -> str:
    """Return the node names of a worker: of a replica among several they have a number."""
    name, several = node
    return f"{escape(name)}{'(-[0-9]+)?' if several else ''}@.+"
