"""Find what is wrong with a topology: its shape, every rule, and every overlay."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qtopo import api, source
from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    complain,
    find_topology,
    render,
    say,
)
from qtopo.cli.main import CANNOT, NO, OK
from qtopo.diagnostics.formats import FORMATS, PROSE
from qtopo.errors import UnreadableFileError
from qtopo.topology.finding import SEVERITIES, At, Finding, Place

if TYPE_CHECKING:
    import argparse

    from qtopo.diagnostics import Diagnostic

EPILOG = """\
examples:
  qtopo check
  qtopo check topology.toml --fail-on warning
  qtopo check --env staging --format json

A comment `# qtopo: ignore[rule-name]` on the line of a finding, or alone on the
line above it, waives the rule there.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="the topologies (default: the one of -t)"
    )
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="full", help="how findings are shown"
    )
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="error",
        help="the least severe finding that makes the exit code 1 (default: error)",
    )
    add_color_argument(parser)


def call(args: argparse.Namespace) -> int:
    """Check the files; returns the exit code."""
    files = args.files or [find_topology(args.topology)]
    if args.files and args.topology:
        files = [args.topology, *args.files]
    names: list[str] = []
    texts: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    suppressed = 0
    code = OK
    for file in dict.fromkeys(files):
        try:
            loaded = source.read(file, args.env)
        except UnreadableFileError as error:
            code = CANNOT
            complain(str(error), error.help)
            if args.format not in PROSE:
                # Programs read the answer, not what is said beside it.
                names.append(file)
                diagnostics.append(_unreadable(file, str(error)))
            continue
        examination = api.examine(loaded)
        names.extend(loaded.source.files)
        texts.update(loaded.source.texts)
        diagnostics.extend(examination.diagnostics)
        suppressed += examination.suppressed
        for fault in examination.faults:
            code = CANNOT
            complain(
                f"rule {fault.rule} failed on {file}; the other rules ran",
                "this is a fault of qtopo's: please report it, with the output of QTOPO_DEBUG=1",
            )
            if os.environ.get("QTOPO_DEBUG"):
                say(fault.traceback)
    if names:
        answer(
            render(
                args.format,
                dict.fromkeys(names),
                diagnostics,
                texts,
                sys.stdout,
                suppressed=suppressed,
                color=args.color,
            )
        )
    if code == OK and any(_counts(one, args.fail_on) for one in diagnostics):
        return NO
    return code


def _counts(one: Diagnostic, limit: str) -> bool:
    return SEVERITIES.index(one.severity) <= SEVERITIES.index(limit)


def _unreadable(file: str, message: str) -> Diagnostic:
    """A file without text is a diagnostic too, so that machine formats tell of it."""
    from qtopo.diagnostics import place
    from qtopo.topology.shape import SHAPES

    shape = SHAPES["unreadable-file"]
    finding = Finding("unreadable-file", shape.code, shape.severity, message, At((), file=file))

    class _Nowhere:
        def locate(self, spots: object) -> list[Place]:  # noqa: ARG002
            return [Place(file, (), None, None)]

    return place([finding], _Nowhere())[0]
