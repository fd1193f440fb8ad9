"""Print the JSON Schema of the topology file, for editors and other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.cli.common import add_topology_arguments, answer_json
from qtopo.cli.main import OK

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  qtopo schema > qtopo.schema.json

Editors with Taplo or Tombi then complete and check the file when its first
line is `#:schema ./qtopo.schema.json`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: those of every command, unused here."""
    add_topology_arguments(parser)


def call(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the schema; returns the exit code."""
    from qtopo.topology.topology import json_schema

    answer_json(json_schema())
    return OK
