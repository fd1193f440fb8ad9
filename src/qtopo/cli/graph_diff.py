"""`qtopo graph --diff OLD NEW`: two topologies in one picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from qtopo.cli.common import load, load_and_warn, say
from qtopo.cli.selecting import asks_for_findings, examined, with_findings
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    from networkx import MultiDiGraph

MANY = 60
"""From this many nodes on a picture shows what changed alone, where nothing else is said."""


def add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--diff` and what goes with it."""
    group = parser.add_argument_group("what changed")
    group.add_argument(
        "--diff",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="draw two topologies as one: what is added, removed and changed",
    )
    group.add_argument(
        "--only-changes",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="with --diff: what changed and its neighbours "
        f"(default: in pictures of more than {MANY} nodes)",
    )


def compared(args: argparse.Namespace) -> MultiDiGraph:
    """Read both files and return the graph of their difference, whole.

    Where a part is chosen by findings it has those: of what was removed the old file's.
    """
    if args.topology:
        raise QtopoError(
            "--diff names both files: leave -t out", "qtopo graph --diff OLD NEW -o changes.mmd"
        )
    before, after = args.diff
    old = load(argparse.Namespace(topology=before, env=args.env))
    new = load_and_warn(argparse.Namespace(topology=after, env=args.env))
    from qtopo.graph.build import graph
    from qtopo.graph.difference import difference

    graphs = [graph(old.topology), graph(new.topology)]
    if asks_for_findings(args):
        for one, loaded in zip(graphs, (old, new), strict=True):
            with_findings(one, examined(loaded))
    return difference(*graphs)


def without_findings(graph: MultiDiGraph) -> MultiDiGraph:
    """Return a difference without what was found: its marks are for what changed."""
    for facts in (graph.graph, *(data for _, data in graph.nodes(data=True))):
        facts.pop("findings", None)
    return graph


def fewer(graph: MultiDiGraph, args: argparse.Namespace, *, picture: bool) -> MultiDiGraph:
    """Return what to show of a difference: all of it, or what changed and its neighbours.

    A `picture` is for looking at; data is whole, where nothing else is said.
    """
    wanted = args.only_changes
    if wanted is None:
        chosen = args.select or args.exclude
        wanted = picture and not chosen and graph.number_of_nodes() > MANY
    if not wanted:
        return graph
    from qtopo.graph.difference import only_changes
    from qtopo.graph.selectors import subgraph

    near = only_changes(graph)
    left_out = graph.number_of_nodes() - len(near)
    if args.only_changes is None and left_out:
        say(f"left out {left_out:,} that stayed as they were: --no-only-changes draws them too")
    return subgraph(graph, near)


def refuse_alone(args: argparse.Namespace) -> None:
    """Raise QtopoError for an option that means nothing without --diff."""
    if args.only_changes is not None:
        raise QtopoError("--only-changes goes with --diff", "qtopo graph --diff OLD NEW")
