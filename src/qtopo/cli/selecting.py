"""`--select` and `--exclude`: a part of the topology, in dbt's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.common import judge
from qtopo.errors import QtopoError, UnknownNameError

if TYPE_CHECKING:
    import argparse

    from networkx import MultiDiGraph

    from qtopo.api import Examination
    from qtopo.source import Loaded


def add_select_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--select` and `--exclude`."""
    group = parser.add_argument_group("a part of it, chosen as dbt does (docs/selectors.md)")
    group.add_argument(
        "-s",
        "--select",
        action="append",
        default=[],
        metavar="EXPR",
        help="only these: emails, 'shop.*', +queue:emails, emails+1, @emails, kind:worker, "
        "owner:growth; a space or another -s means either, a comma both",
    )
    group.add_argument(
        "--exclude", action="append", default=[], metavar="EXPR", help="all but these"
    )


def is_selecting(args: argparse.Namespace) -> bool:
    """Whether a part was asked for."""
    return bool(args.select or args.exclude)


def asks_for_findings(args: argparse.Namespace) -> bool:
    """Whether a part is chosen by what the rules find."""
    from qtopo.graph.selectors import parse

    return any(
        term.method == "finding"
        for one in (*args.select, *args.exclude)
        for both in parse(one)
        for term in both
    )


def examined(loaded: Loaded) -> Examination:
    """Return what the rules find in a topology that is drawn or chosen from.

    Raises QtopoError where a rule fails.
    """
    # That is no reason to run the code of plugins.
    examination = judge(loaded, overlays=False)
    for fault in examination.faults:
        raise QtopoError(f"internal error in rule {fault.rule}", fault.traceback)
    return examination


def with_findings(graph: MultiDiGraph, examination: Examination) -> MultiDiGraph:
    """Return the graph with what was found on the nodes it is about."""
    from qtopo.graph.picture.findings import attach

    found = examination.diagnostics
    attach(graph, ((one.path, one.rule, one.severity, one.message) for one in found))
    return graph


def selected(graph: MultiDiGraph, args: argparse.Namespace) -> MultiDiGraph:
    """Return the part of a graph that was asked for; all of it where none was.

    Raises SelectorError and UnknownNameError.
    """
    if not is_selecting(args):
        return graph
    from qtopo.graph.selectors import select, subgraph

    return subgraph(graph, select(graph, args.select, args.exclude))


def selected_names(
    loaded: Loaded, args: argparse.Namespace, *kinds: str
) -> list[tuple[str, str]] | None:
    """Return kind and name of what was asked for of some kinds of nodes; None where nothing was.

    Raises SelectorError, and UnknownNameError where none of those kinds is among it.
    """
    if not is_selecting(args):
        return None
    from qtopo.graph.build import graph
    from qtopo.graph.selectors import select

    built = graph(loaded.topology)
    if asks_for_findings(args):
        with_findings(built, examined(loaded))
    chosen = select(built, args.select, args.exclude)
    found = [
        (data["kind"], data["label"])
        for node, data in built.nodes(data=True)
        if node in chosen and data["kind"] in kinds
    ]
    if not found:
        some = ", ".join(sorted(chosen)[:3]) + (", ..." if len(chosen) > 3 else "")
        raise UnknownNameError(
            f"no {' and no '.join(kinds)} is among what is selected: {some}",
            "NAME+ takes in what is behind a name, +NAME what leads to it",
        )
    return found
