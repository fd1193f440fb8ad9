"""Many tasks as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.table import columns

if TYPE_CHECKING:
    from qtopo.routing.route import Routed

HEADER = ("TASK", "QUEUE", "EXCHANGE", "KEY", "PRIORITY", "DELIVERED TO", "WORKERS")


def listing(routed: list[Routed]) -> str:
    """Return a line a task."""
    # What `route_many` gives shares all but the task among very many.
    cells: dict[int, tuple[str, ...]] = {}
    rows = []
    for one in routed:
        shared = cells.get(id(one.publish))
        if shared is None:
            shared = cells[id(one.publish)] = _cells(one)
        rows.append((one.task, *shared))
    return columns(HEADER, rows)


def _cells(one: Routed) -> tuple[str, ...]:
    sent = one.publish
    return (
        one.queue or "-",
        "-" if sent.exchange is None else sent.exchange or "(anonymous)",
        sent.routing_key or "-",
        "-" if sent.priority is None else str(sent.priority),
        ", ".join(one.delivered_to) or ("refused" if sent.exchange is None else "nowhere"),
        ", ".join(one.workers) or "nobody",
    )
