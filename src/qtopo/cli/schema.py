"""Print the JSON Schema of the topology file, for editors and other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.cli.common import add_topology_arguments, answer_json
from qtopo.cli.main import OK
from qtopo.rules import page

if TYPE_CHECKING:
    import argparse

    from qtopo.rules.base import Rule

EPILOG = """\
examples:
  qtopo schema > qtopo.schema.json
  qtopo schema --included > qtopo.included.schema.json

Editors with Taplo or Tombi then complete and check the file when its first
line is `#:schema ./qtopo.schema.json`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command; those of every command are unused here."""
    add_topology_arguments(parser)
    parser.add_argument(
        "--included",
        action="store_true",
        help="of a file that another includes: without the tables of the main file",
    )


def call(args: argparse.Namespace) -> int:
    """Print the schema; returns the exit code."""
    from qtopo.source.includes import MAIN_ONLY
    from qtopo.topology.schema import json_schema

    schema = json_schema(without=MAIN_ONLY if args.included else ())
    if "Lint" in schema["$defs"]:
        _describe_rules(schema["$defs"]["Lint"]["properties"])
    answer_json(schema)
    return OK


def _describe_rules(lint: dict[str, Any]) -> None:
    """Add what `[lint]` may say of each rule; plugins bring others, so nothing is excluded."""
    from qtopo.cli.catalogue import SHAPE, catalogue

    entries = [one for one in catalogue() if one.family != SHAPE]
    words = [*dict.fromkeys(one.family for one in entries), *(one.name for one in entries)]
    for key in ("select", "ignore"):
        items = lint[key]["items"]
        lint[key]["items"] = {"anyOf": [{"enum": words}, items]}
    level = lint["severity"]["additionalProperties"]
    lint["severity"]["properties"] = {
        one.name: {"description": one.summary, **level, "default": one.severity} for one in entries
    }
    lint["rules"]["properties"] = {
        one.name: _options(one.rule) for one in entries if one.rule and one.rule.options
    }


def _options(rule: type[Rule]) -> dict[str, Any]:
    """Return the schema of the options of a rule."""
    properties = {}
    for name, option in rule.options.items():
        properties[name] = {"description": option.doc, **option.kind.schema({})}
        if option.default is not None:
            properties[name]["default"] = option.kind.write(option.default)
    return {
        "type": "object",
        "description": page.read(rule).summary,
        "properties": properties,
        "additionalProperties": False,
    }
