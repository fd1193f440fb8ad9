"""Where a task is published: what a route means for the queue it names.

This is the file's meaning, not Celery's algorithm: `compiler` writes settings
that make Celery do it, `routing` predicts it, and tests hold both against
Celery itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.topology.common import EMPTY
from qtopo.topology.priority import UNSET, on_wire
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.routes import Route
    from qtopo.topology.topology import Topology

ANONYMOUS = ""
"""The default exchange of AMQP: it takes a message to the queue that the key names."""


class Publishing(NamedTuple):
    """What becomes of a task.

    `queue`, `exchange`, `exchange_type` and `routing_key` are what Celery
    resolves (exchange and key None where the queue is not declared). The `wire_`
    fields are what goes out. `explicit_exchange` is the exchange a route has to
    name because the queue leaves a choice; `explicit_key` the key it has to name.
    """

    queue: str
    exchange: str | None
    exchange_type: str | None
    routing_key: str | None
    wire_exchange: str | None
    wire_key: str | None
    wire_priority: int | None
    priority: int | None
    headers: Mapping[str, Any]
    delivery_mode: str | None
    explicit_exchange: str | None
    explicit_key: str | None

    def options(self) -> dict[str, Any]:
        """Return what the compiled route says: a new dict each time, since Celery keeps it."""
        said = {
            "queue": self.queue,
            "exchange": self.explicit_exchange,
            "routing_key": self.explicit_key,
            "priority": self.wire_priority,
            "delivery_mode": self.delivery_mode,
            "headers": thaw(self.headers) or None,
        }
        return {key: value for key, value in said.items() if value is not None}


def publishing(
    topology: Topology,
    route: Route | None,
    *,
    queue: str | None = None,
    routing_key: str | None = None,
) -> Publishing:
    """Return where a route (None: no route) leads; `queue` and `routing_key` go over it."""
    wiring = topology.wiring
    name = queue or (route and route.queue) or topology.default_queue
    key = routing_key or (None if queue or route is None else route.routing_key) or None
    given = None if queue or route is None else route.exchange
    target = topology.queues.get(name)
    priority = None if route is None else route.priority
    wire_priority = on_wire(topology, target, priority)
    explicit_exchange = explicit_key = None
    exchange: str | None
    if target is None:
        # Celery refuses it (or creates it on a direct exchange of its own).
        exchange = kind = None
        wire_exchange: str | None = None
        wire_key = None
    elif target.bindings:
        # Celery publishes through its default exchange, a direct one, unless told.
        exchange, kind = topology.default_queue, "direct"
        if key is None:
            key = topology.default_queue
            wire_exchange, wire_key = ANONYMOUS, name
        else:
            exchange = given or target.bindings[0].exchange
            kind = wiring.exchange_type(exchange)
            wire_exchange, wire_key = exchange, key
            explicit_exchange, explicit_key = exchange, key
    else:
        binding = wiring.bindings[name][0]
        exchange, kind = binding.exchange, wiring.exchange_type(binding.exchange)
        if kind == "direct":
            wire_exchange, wire_key = ANONYMOUS, name
            key = key or binding.routing_key
        else:
            if kind != "fanout":
                explicit_key = key or binding.routing_key
            key = key or binding.routing_key
            if kind == "fanout":
                key = binding.routing_key
            wire_exchange, wire_key = exchange, key
    return Publishing(
        queue=name,
        exchange=exchange,
        exchange_type=kind,
        routing_key=key,
        wire_exchange=wire_exchange,
        wire_key=wire_key,
        wire_priority=wire_priority,
        priority=UNSET if priority is None and wire_priority is not None else priority,
        headers=EMPTY if route is None else route.headers,
        delivery_mode=None if route is None else route.delivery_mode,
        explicit_exchange=explicit_exchange,
        explicit_key=explicit_key,
    )
