"""Draw the topology: tasks and routes, exchanges, queues, workers, and how they hang together."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    load_and_warn,
    say,
    use_color,
    use_unicode,
    write_file,
)
from qtopo.cli.graph_diff import (
    add_diff_arguments,
    compared,
    fewer,
    refuse_alone,
    without_findings,
)
from qtopo.cli.graph_picture import (
    add_picture_arguments,
    judged_graph,
    picture_options,
    refuse_options,
)
from qtopo.cli.main import OK
from qtopo.cli.selecting import add_select_arguments, asks_for_findings, selected
from qtopo.graph.drawings import FORMATS, WORDS, draw, format_of

if TYPE_CHECKING:
    import argparse

    from networkx import MultiDiGraph

    from qtopo.graph.drawings import Format

_SUFFIXES = ", ".join(suffix for one in FORMATS for suffix in one.suffixes)

EPILOG = """\
examples:
  qtopo graph                               a tree for each queue, here
  qtopo graph -o topology.mmd               for a README: GitHub draws it
  qtopo graph -o topology.dot
  qtopo graph -o topology.svg               a picture for the wiki; .png needs qtopo[png]
  qtopo graph -o topology.html              a page to search, click and send, in one file
  qtopo graph -o topology.svg --expand      every node, no stacks of what is alike
  qtopo graph -o shared.svg --view resources
  qtopo graph --format json                 networkx node-link data
  qtopo graph -s +queue:emails+             what gets into a queue, and who takes it
  qtopo graph --diff old.toml new.toml      what changed, also with -o changes.mmd
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
    add_color_argument(parser)
    add_picture_arguments(parser)
    add_select_arguments(parser)
    add_diff_arguments(parser)


def call(args: argparse.Namespace) -> int:
    """Draw the topology; returns the exit code."""
    to_stdout = args.output == "-"
    # Before the file is read: a wrong name is known at once.
    if args.format:
        style = WORDS[args.format]
    else:
        style = WORDS["text"] if to_stdout else format_of(args.output)
    refuse_options(args, style, to_stdout=to_stdout)
    built = _graph(args, style)
    drawing = draw(
        style,
        built,
        unicode=not to_stdout or use_unicode(sys.stdout),
        color=to_stdout and use_color(sys.stdout, args.color),
        **picture_options(args),
    )
    if to_stdout:
        if isinstance(drawing, str):
            sys.stdout.write(drawing)
        else:
            sys.stdout.buffer.write(drawing)
        return OK
    write_file(args.output, drawing.encode() if isinstance(drawing, str) else drawing)
    nodes, edges = built.number_of_nodes(), built.number_of_edges()
    say(f"wrote {args.output}: {_count(nodes, 'node')}, {_count(edges, 'edge')}")
    return OK


def _graph(args: argparse.Namespace, style: Format) -> MultiDiGraph:
    """Return what to draw: a topology, a difference, or the part of them that is selected."""
    if args.diff:
        chosen = without_findings(selected(compared(args), args))
        return fewer(chosen, args, picture=style.name != "json")
    refuse_alone(args)
    if style.picture or asks_for_findings(args):
        return selected(judged_graph(args, page=style.name == "html"), args)
    topology = load_and_warn(args).topology
    from qtopo.graph.build import graph

    return selected(graph(topology), args)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
