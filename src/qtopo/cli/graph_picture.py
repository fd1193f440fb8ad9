"""What `qtopo graph` has for pictures alone: their options, and the findings they show."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from qtopo.cli.common import Stop, complain, load
from qtopo.cli.main import CANNOT
from qtopo.cli.selecting import examined, with_findings
from qtopo.graph.drawings import FORMATS

if TYPE_CHECKING:
    import argparse

    from networkx import MultiDiGraph

    from qtopo.graph.drawings import Format

# As in `qtopo.graph.picture`, which is not loaded to say what may be typed.
VIEWS = ("flow", "resources", "machines")
THEMES = ("auto", "light", "dark")


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--view`, `--expand` and `--theme`."""
    parser.add_argument(
        "--view",
        choices=VIEWS,
        help="what a picture is about (default: flow, the way of messages)",
    )
    parser.add_argument(
        "--expand", action="store_true", help="draw every node: no stacks of what is alike"
    )
    parser.add_argument(
        "--theme",
        choices=THEMES,
        help="the colours of a picture (default: auto, as the reader prefers; png: light)",
    )


def picture_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the keywords of `qtopo.graph.drawings.draw` that the command line says."""
    return {
        "view": args.view or VIEWS[0],
        "expand": bool(args.expand),
        "theme": args.theme or THEMES[0],
    }


def refuse_options(args: argparse.Namespace, style: Format, *, to_stdout: bool) -> None:
    """Refuse options that would do nothing, and bytes for a terminal; raises Stop(2)."""
    given = {"--view": args.view, "--expand": args.expand, "--theme": args.theme}
    said = next((option for option, value in given.items() if value), None)
    if said and not style.picture:
        pictures = ", ".join(one.name for one in FORMATS if one.picture)
        complain(f"{said} is for pictures, not for {style.name}", f"pictures are {pictures}")
        raise Stop(CANNOT)
    if style.binary and to_stdout and sys.stdout.isatty():
        complain(f"will not write {style.name} to a terminal", "name a file with -o")
        raise Stop(CANNOT)


def judged_graph(args: argparse.Namespace, *, page: bool = False) -> MultiDiGraph:
    """Return the graph of the topology with what the rules say of it on its nodes.

    For a `page` it has what is shown of a node on demand too.
    Errors of rules are said on stderr, as for other formats.
    """
    loaded = load(args)
    examination = examined(loaded)
    errors = sum(one.severity == "error" for one in examination.diagnostics)
    if errors:
        noun = "error" if errors == 1 else "errors"
        complain(
            f"{loaded.source.file} has {errors} {noun}, so this may not be what runs",
            f"see them with `qtopo check {loaded.source.file}`",
            kind="warning",
        )
    from qtopo.graph.build import graph

    built = with_findings(graph(loaded.topology), examination)
    if page:
        from qtopo.cli.graph_page import tell

        tell(built, loaded.topology)
    return built
