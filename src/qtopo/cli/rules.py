"""List the rules: code, severity, name, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.catalogue import catalogue
from qtopo.cli.common import add_topology_arguments, answer, answer_json
from qtopo.cli.lint_options import plugin_rules
from qtopo.cli.main import OK
from qtopo.errors import UnknownNameError
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  qtopo rules
  qtopo rules --family queues
  qtopo rules --format json

`qtopo rule NAME` explains one. The family `shape` is what makes a file hold no
topology, or not this one; its errors cannot be waived. `user` are rules of your
own: those installed, and those that `plugins` of [lint] in the topology names.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("--family", metavar="NAME", help="only the rules of one family")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def call(args: argparse.Namespace) -> int:
    """Print every rule; returns the exit code."""
    entries = catalogue(plugin_rules(args))
    if args.family is not None:
        families = list(dict.fromkeys(one.family for one in entries))
        entries = [one for one in entries if one.family == args.family]
        if not entries:
            raise UnknownNameError(
                f"no family {args.family!r}",
                did_you_mean(args.family, families) or f"they are {', '.join(families)}",
            )
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
