"""How exchanges, queues and workers hang together, derived from what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from qtopo.topology.exchanges import Binding, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

T = TypeVar("T")

QUEUE, EXCHANGE = "queue", "exchange"


class Bound(NamedTuple):
    """What is bound to an exchange: a `queue` or an `exchange`, and with what."""

    kind: str
    name: str
    binding: Binding


class Wiring:
    """The derived facts of a topology.

    `exchanges` are the declared ones and those that queues bring along;
    `bindings[queue]` what the queue is bound with; `bound[exchange]` what
    receives from it; `consumers[queue]` the workers that run (replicas above 0)
    and consume it.
    """

    def __init__(self, topology: Topology) -> None:
        self._memory: dict[str, Any] = {}
        self._default_key = topology.default_queue
        self._redis_fanout = topology.broker.kind.virtual
        self.exchanges: dict[str, Exchange] = dict(topology.exchanges)
        self.bindings: dict[str, tuple[Binding, ...]] = {}
        self.bound: dict[str, list[Bound]] = {}
        self.consumers: dict[str, tuple[str, ...]] = {}
        for name, queue in topology.queues.items():
            if queue.broadcast:
                self.exchanges.setdefault(name, Exchange(name=name, type="fanout"))
            elif not queue.bindings and queue.exchange is None:
                self.exchanges.setdefault(name, Exchange(name=name))
        for name, queue in topology.queues.items():
            self.bindings[name] = self._bindings(queue)
            for binding in self.bindings[name]:
                self.bound.setdefault(binding.exchange, []).append(Bound(QUEUE, name, binding))
        for name, exchange in topology.exchanges.items():
            for binding in exchange.bindings:
                self.bound.setdefault(binding.exchange, []).append(Bound(EXCHANGE, name, binding))
        for name, worker in topology.workers.items():
            if worker.replicas:
                for queue_name in dict.fromkeys(worker.queues):
                    self.consumers[queue_name] = (*self.consumers.get(queue_name, ()), name)

    def memo(self, name: str, build: Callable[[], T]) -> T:
        """Return what `build` gave the first time: what other layers derive from the topology."""
        if name not in self._memory:
            self._memory[name] = build()
        value: T = self._memory[name]
        return value

    def exchange_type(self, name: str) -> str | None:
        """Return the type of an exchange, or None where it is not known."""
        exchange = self.exchanges.get(name)
        return None if exchange is None else exchange.type

    def home(self, queue: Queue) -> str | None:
        """Return the one exchange the queue is bound to, or None where it has `bindings`."""
        return None if queue.bindings else self.bindings[queue.name][0].exchange

    def _bindings(self, queue: Queue) -> tuple[Binding, ...]:
        if queue.bindings:
            return queue.bindings
        home = queue.name if queue.broadcast or queue.exchange is None else queue.exchange
        key = queue.routing_key
        if not key:
            kind = self.exchange_type(home)
            if queue.broadcast and self._redis_fanout:
                key = queue.name
            # Celery puts its default key where a queue has none; fanout and
            # headers exchanges do not look at it.
            elif kind in ("fanout", "headers"):
                key = self._default_key
            else:
                key = queue.name
        return (Binding(exchange=home, routing_key=key, arguments=queue.binding_arguments),)
