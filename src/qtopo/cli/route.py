"""Say where a task goes and why: what decides, what is published, who gets and consumes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    answer_json,
    load_and_warn,
    say,
    use_color,
)
from qtopo.cli.main import NO, OK
from qtopo.cli.selecting import add_select_arguments, is_selecting, selected_names
from qtopo.cli.ways.calling import add_call_arguments, read_call
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

    from qtopo.routing.route import Routed
    from qtopo.source import Loaded
    from qtopo.topology.tests import Expected
    from qtopo.topology.topology import Topology

EPILOG = """\
examples:
  qtopo route shop.emails.send
  qtopo route shop.emails.send --explain
  qtopo route shop.emails.send --queue bulk --countdown 5m --decorator queue=emails
  qtopo route shop.emails.send --as retry
  qtopo route shop.emails.send --expect queue=emails --expect workers=emails
  qtopo route --all --format json
  qtopo route --all --select +queue:emails
  qtopo route --from-queue emails
  qtopo route --dead-letters emails
  qtopo route --exchange events --key order.paid --key email.send

A task is looked up as Celery does it: an exact name beats every pattern, else
the first pattern of the file that matches, else the default queue. What the
call, task_annotations and the decorator say goes over the route, key by key.

exit codes:
  0  answered, and where --expect is given it is so
  1  it is not as --expect says
  2  it could not be done: wrong usage, an unreadable file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="the name of a task")
    parser.add_argument("--all", action="store_true", help="every task the file names, as a table")
    add_select_arguments(parser)
    parser.add_argument(
        "--explain", action="store_true", help="show too what was considered and lost, and why"
    )
    parser.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="exit 1 unless it is so: queue, exchange, routing_key, priority, delivered_to, "
        "workers, exactly_once, refused",
    )
    add_call_arguments(parser)
    other = parser.add_argument_group("other questions")
    other.add_argument("--from-queue", metavar="QUEUE", help="what can reach this queue")
    other.add_argument(
        "--dead-letters",
        metavar="QUEUE",
        help="where a rejected, expired or overflowing message of this queue ends",
    )
    other.add_argument(
        "--exchange",
        metavar="NAME",
        help="without a task: where the broker takes --key; with one: sent with exchange=NAME",
    )
    other.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="a routing key, with --exchange"
    )
    other.add_argument(
        "--header", action="append", default=[], metavar="NAME=VALUE", help="a message header"
    )
    add_color_argument(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how the answer is shown"
    )


def call(args: argparse.Namespace) -> int:
    """Answer; returns the exit code."""
    if is_selecting(args) and not args.all:
        raise QtopoError("--select and --exclude go with --all", "qtopo route --all -s +queue:NAME")
    if args.tasks or args.all:
        return _tasks(args)
    if args.expect or args.explain:
        raise QtopoError("--expect and --explain go with a task, or with --all")
    if args.from_queue is not None:
        from qtopo.cli.ways.reaching import from_queue

        return from_queue(args, load_and_warn(args).topology)
    if args.dead_letters is not None:
        from qtopo.cli.ways.dying import dead_letters

        return dead_letters(args, load_and_warn(args).topology)
    if args.exchange is not None:
        from qtopo.cli.ways.delivering import deliveries

        return deliveries(args, load_and_warn(args).topology)
    if args.key:
        raise QtopoError("--key goes with --exchange")
    raise QtopoError("name a task, or ask for --all", "qtopo route shop.emails.send")


def _tasks(args: argparse.Namespace) -> int:
    for name in ("from_queue", "dead_letters"):
        if getattr(args, name) is not None:
            option = "--" + name.replace("_", "-")
            raise QtopoError(f"{option} is a question of its own: leave the tasks out")
    if args.key:
        raise QtopoError("--key asks the broker alone", "a task is sent with --routing-key KEY")
    sent = read_call(args)
    expected = None
    if args.expect:
        from qtopo.routing.expectations import parse

        expected = parse(args.expect)
    loaded = load_and_warn(args)
    topology = loaded.topology
    from qtopo.routing.route import imitated, route, route_many

    names = list(dict.fromkeys([*args.tasks, *(_known(loaded, args) if args.all else ())]))
    # Of many tasks what was considered is not shown, unless it is asked for.
    brief = args.all and sent is None and not args.explain and not args.imitate
    if brief:
        routed = route_many(topology, names)
    elif args.imitate:
        routed = [one for name in names for one in imitated(topology, name, sent, args.imitate)]
    else:
        routed = [route(topology, name, sent) for name in names]
    if args.format == "json" and brief:
        _answer_lines(routed)
    elif args.format == "json":
        answer_json({"format_version": 1, "routes": [one.as_json() for one in routed]})
    elif args.all and not args.explain:
        from qtopo.cli.ways.listing import listing

        answer(listing(routed))
    elif routed:
        from qtopo.cli.ways.steps import draw
        from qtopo.diagnostics.screen import painter

        paint = painter(use_color(sys.stdout, args.color))
        answer(draw(topology, routed, sent, explain=args.explain, paint=paint))
    return OK if expected is None else _judged(topology, routed, expected)


def _answer_lines(routed: list[Routed]) -> None:
    """Write the JSON with a line for each route: of very many, indenting costs the most time."""
    import json

    encode = json.JSONEncoder(ensure_ascii=False).encode
    lines = ",\n".join(f"    {encode(one.as_json())}" for one in routed)
    answer(f'{{\n  "format_version": 1,\n  "routes": [\n{lines}\n  ]\n}}')


def _known(loaded: Loaded, args: argparse.Namespace) -> list[str]:
    """Return every task the file names, or those among them that are selected."""
    known = list(loaded.topology.known_tasks())
    selected = selected_names(loaded, args, "task")
    if selected is None:
        return known
    names = {name for _, name in selected}
    return [name for name in known if name in names]


def _judged(topology: Topology, routed: list[Routed], expected: Expected) -> int:
    """Say on stderr what is not as expected; returns the exit code."""
    from qtopo.routing.expectations import judge

    code = OK
    for one in routed:
        for reason in judge(one, expected, topology):
            say(f"{one.task}: {reason}")
            code = NO
    return code
