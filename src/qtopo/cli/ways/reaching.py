"""`qtopo route --from-queue`: what can reach a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.common import answer, answer_json
from qtopo.cli.main import OK
from qtopo.cli.table import columns
from qtopo.cli.ways.places import Places
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

    from qtopo.routing.reverse import Reaching
    from qtopo.topology.topology import Topology


def from_queue(args: argparse.Namespace, topology: Topology) -> int:
    """Answer; returns the exit code."""
    from qtopo.routing.reverse import reaching

    queue = declared(topology, args.from_queue)
    found = reaching(topology, queue)
    places = Places(topology, [one.path for one in found])
    if args.format == "json":
        listed = [{**one.as_json(), **places.as_json(one.path)} for one in found]
        answer_json({"format_version": 1, "queue": queue, "reached_by": listed})
        return OK
    if not found:
        answer(f"nothing in this topology reaches {queue!r}")
        return OK
    rows = [(one.kind, one.name, _how(one), places.text(one.path)) for one in found]
    answer(columns(("WHAT", "NAME", "THROUGH", "WHERE"), rows))
    return OK


def declared(topology: Topology, queue: str) -> str:
    """Return the name of a queue; raises QtopoError where there is none."""
    if queue not in topology.queues:
        from qtopo.topology.suggest import did_you_mean

        raise QtopoError(
            f"no queue {queue!r} in this topology",
            did_you_mean(queue, topology.queues) or f"it has {', '.join(topology.queues)}",
        )
    return queue


def _how(one: Reaching) -> str:
    if one.exchange is None:
        return "-"
    if one.routing_key is None:
        return f"{one.exchange}, what none of its bindings takes"
    text = f"{one.exchange or '(anonymous)'} {one.routing_key!r}"
    return text if one.meant else f"{text} (a copy: it is meant for another queue)"
