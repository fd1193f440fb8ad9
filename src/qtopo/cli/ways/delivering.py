"""`qtopo route --exchange`: the broker alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from qtopo.cli.common import answer, answer_json, use_unicode
from qtopo.cli.main import OK
from qtopo.cli.table import visible
from qtopo.cli.ways.calling import read_headers
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

    from qtopo.topology.topology import Topology


def deliveries(args: argparse.Namespace, topology: Topology) -> int:
    """Answer where an exchange takes each key; returns the exit code."""
    from qtopo.routing.delivery import deliveries as broker
    from qtopo.routing.plain import plain
    from qtopo.topology.suggest import did_you_mean

    if not args.key and not args.header:
        raise QtopoError("--exchange needs a --key, or a --header for a headers exchange")
    exchanges = topology.wiring.exchanges
    if args.exchange and args.exchange not in exchanges:
        raise QtopoError(
            f"no exchange {args.exchange!r} in this topology",
            did_you_mean(args.exchange, exchanges) or f"it has {', '.join(exchanges)}",
        )
    headers = read_headers(args.header)
    engine = broker(topology, delayed=True)
    found: list[dict[str, Any]] = []
    for key in args.key or [""]:
        delivered = engine.trace(args.exchange, key, headers)
        found.append(
            {
                "exchange": args.exchange,
                "routing_key": key,
                "delivered_to": list(delivered.queues),
                "steps": plain(delivered.steps),
                "refused": plain(delivered.refused),
            }
        )
    if args.format == "json":
        answer_json({"format_version": 1, "deliveries": found})
        return OK
    arrow = "→" if use_unicode(sys.stdout) else "->"
    for one in found:
        queues = ", ".join(one["delivered_to"]) or "nowhere: no binding takes it"
        if one["refused"]:
            queues = f"refused: {one['refused']['error']}: {one['refused']['message']}"
        answer(visible(f"{args.exchange} {one['routing_key']!r} {arrow} {queues}"))
    return OK
