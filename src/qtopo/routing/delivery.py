"""Which queues the broker puts a message into: choosing the engine that knows.

RabbitMQ's exchanges are in `rabbit`, kombu's virtual ones in `virtual`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from qtopo.routing.delivered import Delivered
from qtopo.topology.common import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.routing.delivered import Passed, Refused
    from qtopo.topology.topology import Topology


class Engine(Protocol):
    """What the exchanges of one kind of broker do."""

    def reach(
        self, exchange: str, key: str, headers: Mapping[str, Any], steps: list[Passed] | None
    ) -> set[str]:
        """Return the queues that get a message; fills `steps` with its way, where given."""

    def refusal(self, exchange: str, key: str, headers: Mapping[str, Any]) -> Refused | None:
        """Return why no such message can be published, or None."""


class Deliveries:
    """The broker part of a topology: exchanges, bindings, queues.

    With `delayed` the bindings count that Celery's workers add on RabbitMQ for
    delayed messages when a queue is a quorum queue: ordinary messages go by them
    too (facts measured on RabbitMQ 3.10, Celery 5.7).
    """

    def __init__(self, topology: Topology, *, delayed: bool = False) -> None:
        self._order = {name: index for index, name in enumerate(topology.queues)}
        self._engine = _engine(topology, delayed)

    def queues(
        self, exchange: str, key: str, headers: Mapping[str, Any] = EMPTY
    ) -> tuple[str, ...]:
        """Return the declared queues that get a message, in the order of the file, each once.

        The anonymous exchange (`""`) takes it to the queue that the key names.
        An exchange that is not declared takes it nowhere. What would be refused
        goes where its bindings lead: a rule says what is wrong, `trace` that it is
        refused.
        """
        order = self._order
        found = [one for one in self._engine.reach(exchange, key, headers, None) if one in order]
        if len(found) > 1:
            found.sort(key=order.__getitem__)
        return tuple(found)

    def trace(self, exchange: str, key: str, headers: Mapping[str, Any] = EMPTY) -> Delivered:
        """Return the queues that get a message, and the exchanges and bindings on its way."""
        refused = self._engine.refusal(exchange, key, headers)
        if refused is not None:
            return Delivered((), refused=refused)
        steps: list[Passed] = []
        found = self._engine.reach(exchange, key, headers, steps)
        declared = sorted(found & self._order.keys(), key=self._order.__getitem__)
        undeclared = sorted(found - self._order.keys())
        return Delivered(tuple(declared), tuple(steps), None, tuple(undeclared))


def deliveries(topology: Topology, *, delayed: bool = False) -> Deliveries:
    """Return the broker part of a topology; built once for each topology."""
    name = "routing.deliveries.delayed" if delayed else "routing.deliveries"
    return topology.wiring.memo(name, lambda: Deliveries(topology, delayed=delayed))


def deliver(
    topology: Topology, exchange: str, key: str, headers: Mapping[str, Any] = EMPTY
) -> tuple[str, ...]:
    """Return the queues a message gets into, in the order of the file."""
    return deliveries(topology).queues(exchange, key, headers)


def _engine(topology: Topology, delayed: bool) -> Engine:
    if topology.broker.kind.virtual:
        from qtopo.routing.virtual import Virtual

        return Virtual(topology)
    from qtopo.routing.rabbit import Rabbit

    wiring = topology.wiring
    bound = wiring.bound
    if delayed:
        from qtopo.routing.delayed import native_delay_bindings

        bound = {name: list(some) for name, some in bound.items()}
        for exchange, one in native_delay_bindings(topology):
            bound.setdefault(exchange, []).append(one)
    return Rabbit(wiring.exchanges, bound, topology.queues)
