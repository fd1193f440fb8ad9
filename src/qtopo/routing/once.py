"""Whether a message is worked on exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.why import these

if TYPE_CHECKING:
    from qtopo.routing.route import Routed
    from qtopo.topology.topology import Topology


def once(topology: Topology, routed: Routed) -> list[str]:
    """Return why it is not: nobody gets it, several do, or a copy stays where nobody looks.

    A copy in a parking queue waits for a person and changes nothing.
    """
    consumed = topology.wiring.consumers
    reasons = []
    if not routed.delivered_to:
        reasons.append("it does not run: no binding takes it, so it gets into no queue")
    working = [name for name in routed.delivered_to if name in consumed]
    parked = [
        name for name in routed.delivered_to if name not in consumed and _parking(topology, name)
    ]
    lost = [name for name in routed.delivered_to if name not in consumed and name not in parked]
    choosing = next((one for one in routed.steps if one.chooses), None)
    if choosing is not None and len(routed.delivered_to) > 1:
        queues = these(routed.delivered_to)
        reasons.append(
            f"it may not run exactly once: exchange {choosing.exchange!r} chooses among {queues}"
        )
    elif len(working) > 1:
        reasons.append(f"it runs more than once: {these(working)} all get a copy")
    reasons += [
        f"it runs more than once: {name!r} is a broadcast, every worker process gets a copy"
        for name in working
        if _everybody(topology, name)
    ]
    if lost:
        reasons.append(f"a copy stays in {these(lost)}: no running worker consumes it")
    elif parked and not working:
        reasons.append(f"it does not run: it waits in {these(parked)}, a parking queue")
    return reasons


def _parking(topology: Topology, name: str) -> bool:
    queue = topology.queues.get(name)
    return queue is not None and queue.parking


def _everybody(topology: Topology, name: str) -> bool:
    """Whether each process that consumes the queue gets a copy."""
    queue = topology.queues.get(name)
    if queue is None:
        return False
    if queue.broadcast:
        return True
    # Redis has no queue behind a fanout exchange: whoever listens gets the message.
    return topology.broker.kind.name == "redis" and any(
        topology.wiring.exchange_type(one.exchange) == "fanout"
        for one in topology.wiring.bindings[name]
    )
