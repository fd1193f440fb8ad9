"""Say what changes between two topologies, what it breaks, and how to roll it out."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from qtopo.changes.change import FAIL_ON
from qtopo.changes.formats import FORMATS, renderer
from qtopo.cli.common import (
    Stop,
    add_color_argument,
    add_topology_arguments,
    answer,
    find_topology,
    judge,
    load,
    load_and_warn,
    render,
    say,
    terminal_width,
    use_color,
    use_unicode,
)
from qtopo.cli.main import NO, OK
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

    from qtopo.source import Loaded

EPILOG = """\
examples:
  qtopo diff old.toml new.toml
  qtopo diff --against HEAD~1
  qtopo diff topology.toml --against origin/main --format markdown
  qtopo diff --against v1.4 --env staging --fail-on workers-first

classes, the worst first:
  strands        messages wait where nobody takes them
  duplicates     tasks run twice
  recreate       RabbitMQ refuses it with 406 until the thing is re-created
  workers-first  fine once the new workers run
  restart        acts when processes start anew
  harmless       any order will do

The exit code is 1 where a change is breaking, which the first three are; see
--fail-on. With --against the topology, and all that it includes, is read as it
is in that revision: nothing of the repository is run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="OLD and NEW; with --against only NEW (default: the one of -t)",
    )
    parser.add_argument(
        "--against", metavar="REV", help="take OLD from this git revision of the file"
    )
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="text", help="how the answer is shown"
    )
    parser.add_argument(
        "--fail-on",
        choices=tuple(FAIL_ON),
        default="breaking",
        help="which changes make the exit code 1 (default: breaking)",
    )
    add_color_argument(parser)


def call(args: argparse.Namespace) -> int:
    """Compare; returns the exit code."""
    old, new = _read(args)
    from qtopo.changes.compare import diff
    from qtopo.changes.report import report

    found = diff(old.topology, new.topology)
    answer(
        renderer(args.format)(
            report(
                found,
                old.source.file,
                new.source.file,
                color=use_color(sys.stdout, args.color),
                width=terminal_width(sys.stdout),
                unicode=args.format == "markdown" or use_unicode(sys.stdout),
            )
        )
    )
    counting = set(FAIL_ON[args.fail_on])
    return NO if counting.intersection(found.effects()) else OK


def _read(args: argparse.Namespace) -> tuple[Loaded, Loaded]:
    """Return both sides; where one is broken, both are told of and Stop(1) is raised."""
    if args.against is not None:
        if len(args.files) > 1 or (args.files and args.topology):
            raise QtopoError("--against takes one file", "the other one is that of the revision")
        file = args.files[0] if args.files else find_topology(args.topology)
        from qtopo.changes.revision import read_revision

        old = read_revision(file, args.against, args.env)
        _refuse_broken(old)
        return old, load_and_warn(Namespace(topology=file, env=args.env))
    if len(args.files) != 2 or args.topology:
        raise QtopoError(
            "name two files, OLD and NEW, or a git revision",
            "qtopo diff old.toml new.toml, or qtopo diff --against HEAD~1",
        )
    before, after = args.files
    return (
        load(Namespace(topology=before, env=args.env)),
        load_and_warn(Namespace(topology=after, env=args.env)),
    )


def _refuse_broken(loaded: Loaded) -> None:
    if not loaded.broken:
        return
    origin = loaded.source
    found = judge(loaded).diagnostics
    say(render("full", origin.files, found, origin.texts, sys.stderr))
    raise Stop(NO)
