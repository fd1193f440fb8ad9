"""Draw the topology: tasks and routes, exchanges, queues, workers, and how they hang together."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import (
    add_topology_arguments,
    load_and_warn,
    say,
    use_unicode,
    write_file,
)
from qtopo.cli.main import OK
from qtopo.graph.drawings import FORMATS, WORDS, draw, format_of

if TYPE_CHECKING:
    import argparse

_SUFFIXES = ", ".join(suffix for one in FORMATS for suffix in one.suffixes)

EPILOG = """\
examples:
  qtopo graph                               a tree for each queue, here
  qtopo graph -o topology.mmd               for a README: GitHub draws it
  qtopo graph -o topology.dot
  qtopo graph --format dot | dot -Tsvg > topology.svg
  qtopo graph --format json                 networkx node-link data
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="-",
        help=f"where to write it ({_SUFFIXES}); - is stdout, the default",
    )
    parser.add_argument(
        "--format",
        choices=tuple(WORDS),
        metavar="NAME",
        help=f"how it is drawn: {', '.join(one.name for one in FORMATS)} "
        "(default: from the suffix of FILE, else text)",
    )


def call(args: argparse.Namespace) -> int:
    """Draw the topology; returns the exit code."""
    to_stdout = args.output == "-"
    # Before the file is read: a wrong name is known at once.
    if args.format:
        style = WORDS[args.format]
    else:
        style = WORDS["text"] if to_stdout else format_of(args.output)
    topology = load_and_warn(args).topology
    from qtopo.graph.build import graph

    built = graph(topology)
    drawing = draw(style, built, unicode=not to_stdout or use_unicode(sys.stdout))
    if to_stdout:
        sys.stdout.write(drawing)
        return OK
    write_file(args.output, drawing.encode())
    nodes, edges = built.number_of_nodes(), built.number_of_edges()
    say(f"wrote {args.output}: {_count(nodes, 'node')}, {_count(edges, 'edge')}")
    return OK


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
