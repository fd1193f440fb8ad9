"""The two settings that reach into every route, or every queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.topology.priority import used

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology

DEFAULT_PRIORITY = "task_default_priority"
MAX_PRIORITY = "task_queue_max_priority"


def masks_routes(topology: Topology, name: str) -> bool:
    """Whether a setting is the default priority, and routes have priorities of their own."""
    return name == DEFAULT_PRIORITY and used(topology)


def reaches_quorum(topology: Topology, name: str) -> bool:
    """Whether a setting is the priorities of all queues, and one of them is a quorum queue."""
    return name == MAX_PRIORITY and bool(quorum_queues(topology))


def quorum_queues(topology: Topology) -> list[str]:
    """Return the quorum queues."""
    return [
        name
        for name, queue in topology.queues.items()
        if "quorum" in (queue.type, queue.arguments.get("x-queue-type"))
    ]
