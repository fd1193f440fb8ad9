"""List the rules: code, severity, name, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.catalogue import catalogue
from qtopo.cli.common import add_topology_arguments, answer, answer_json
from qtopo.cli.main import OK

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  qtopo rules
  qtopo rules --format json

`qtopo rule NAME` explains one. The family `shape` is what makes a file hold no
topology, or not this one; its findings cannot be waived by a comment.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def call(args: argparse.Namespace) -> int:
    """Print every rule; returns the exit code."""
    entries = catalogue()
    if args.format == "json":
        answer_json({"format_version": 1, "rules": [one.as_json() for one in entries]})
        return OK
    width = max(len(one.name) for one in entries)
    lines: list[str] = []
    family = None
    for one in entries:
        if one.family != family:
            family = one.family
            lines.append(f"\n{family}" if lines else family)
        lines.append(f"  {one.code}  {one.severity:<7}  {one.name:<{width}}  {one.summary}")
    answer("\n".join(lines))
    return OK
