"""Say where a task goes: which route decides, what is published, which queue and workers get it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from qtopo.cli.common import (
    add_topology_arguments,
    answer,
    answer_json,
    load_and_warn,
    use_unicode,
)
from qtopo.cli.main import OK
from qtopo.cli.table import columns
from qtopo.errors import QtopoError
from qtopo.topology.model import describe

if TYPE_CHECKING:
    import argparse

    from qtopo.routing.route import Routed
    from qtopo.topology.topology import Topology

EPILOG = """\
examples:
  qtopo route shop.emails.send
  qtopo route --all
  qtopo route --all --format json
  qtopo route --exchange events --key order.paid --key email.send

A task is looked up as Celery does it: an exact name beats every pattern, else
the first pattern of the file that matches, else the default queue.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="the name of a task")
    parser.add_argument("--all", action="store_true", help="every task the file names")
    parser.add_argument(
        "--exchange",
        metavar="NAME",
        help="ask the broker alone: where does this exchange take --key",
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="a routing key, with --exchange"
    )
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a message header, with --exchange",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how the answer is shown"
    )


def call(args: argparse.Namespace) -> int:
    """Answer; returns the exit code."""
    if args.exchange is None and (args.key or args.header):
        raise QtopoError("--key and --header go with --exchange")
    if args.exchange is not None:
        if args.tasks or args.all:
            raise QtopoError("--exchange asks the broker alone: leave the tasks out")
        if not args.key and not args.header:
            raise QtopoError("--exchange needs a --key, or a --header for a headers exchange")
    elif not args.tasks and not args.all:
        raise QtopoError("name a task, or ask for --all", "qtopo route shop.emails.send")
    topology = load_and_warn(args).topology
    if args.exchange is not None:
        _deliveries(args, topology)
        return OK
    from qtopo.routing.route import route, route_many

    if args.all:
        names = list(dict.fromkeys([*args.tasks, *topology.known_tasks()]))
        routed = route_many(topology, names)
    else:
        routed = [route(topology, name) for name in dict.fromkeys(args.tasks)]
    if args.format == "json":
        answer_json({"format_version": 1, "routes": [one.as_json() for one in routed]})
    elif args.all:
        answer(_table(routed))
    else:
        answer("\n\n".join(_steps(topology, one) for one in routed))
    return OK


def _deliveries(args: argparse.Namespace, topology: Topology) -> None:
    from qtopo.routing.delivery import deliver
    from qtopo.topology.suggest import did_you_mean

    exchanges = topology.wiring.exchanges
    if args.exchange and args.exchange not in exchanges:
        raise QtopoError(
            f"no exchange {args.exchange!r} in this topology",
            did_you_mean(args.exchange, exchanges) or f"it has {', '.join(exchanges)}",
        )
    headers = dict(_header(one) for one in args.header)
    found = [
        {
            "exchange": args.exchange,
            "routing_key": key,
            "delivered_to": list(deliver(topology, args.exchange, key, headers)),
        }
        for key in args.key or [""]
    ]
    if args.format == "json":
        answer_json({"format_version": 1, "deliveries": found})
        return
    arrow = "→" if use_unicode(sys.stdout) else "->"
    for one in found:
        queues = ", ".join(one["delivered_to"]) or "nowhere: no binding takes it"
        answer(f"{args.exchange} {one['routing_key']!r} {arrow} {queues}")


def _header(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; true, false and whole numbers are what they look like."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise QtopoError(f"--header takes NAME=VALUE, not {text!r}")
    if value in ("true", "false"):
        return name, value == "true"
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return name, int(value)
    return name, value


def _decided(one: Routed, topology: Topology) -> str:
    if one.decided_by.kind == "default":
        return "the default queue: no route matches"
    if one.decided_by.kind == "task":
        return f"[{describe(one.decided_by.path)}]"
    task = topology.routes[int(one.decided_by.path[1])].task
    pattern = (
        task
        if isinstance(task, str)
        else ", ".join(task)
        if isinstance(task, tuple)
        else f"/{task.regex}/"
    )
    return f"{describe(one.decided_by.path)} ({pattern})"


def _steps(topology: Topology, one: Routed) -> str:
    """Draw the way of one task: a line a step."""
    lines = [one.task, f"  decided by   {_decided(one, topology)}", f"  queue        {one.queue}"]
    if one.exchange is None:
        lines.append("               which is not declared: Celery refuses to send it")
        return "\n".join(lines)
    sent = one.publish
    exchange = sent.exchange or "the anonymous exchange"
    priority = "" if sent.priority is None else f", priority {sent.priority}"
    lines.append(f"  published to {exchange}, key {sent.routing_key!r}{priority}")
    lines.append(f"  delivered to {', '.join(one.delivered_to) or 'nowhere: no binding takes it'}")
    lines.append(f"  consumed by  {_workers(topology, one)}")
    return "\n".join(lines)


def _workers(topology: Topology, one: Routed) -> str:
    if not one.workers:
        return "nobody"
    found = []
    for name in one.workers:
        worker = topology.workers[name]
        each = "one per core" if worker.capacity is None else str(worker.capacity)
        replicas = f", {worker.replicas} replicas" if worker.replicas > 1 else ""
        found.append(f"{name} ({worker.pool}, concurrency {each}{replicas})")
    return ", ".join(found)


def _table(routed: list[Routed]) -> str:
    rows = [
        (
            one.task,
            one.queue,
            "-" if one.publish.exchange is None else one.publish.exchange or "(anonymous)",
            one.publish.routing_key or "-",
            "-" if one.publish.priority is None else str(one.publish.priority),
            ", ".join(one.delivered_to) or "nowhere",
            ", ".join(one.workers) or "nobody",
        )
        for one in routed
    ]
    return columns(
        ("TASK", "QUEUE", "EXCHANGE", "KEY", "PRIORITY", "DELIVERED TO", "WORKERS"), rows
    )
