"""Explain a rule: what is wrong, why it is bad, an example, and what to write instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from qtopo.cli.catalogue import Entry, catalogue
from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    answer_json,
    terminal_width,
    use_color,
)
from qtopo.cli.lint_options import plugin_rules
from qtopo.cli.main import OK
from qtopo.cli.reading import render
from qtopo.code import pages
from qtopo.diagnostics.diagnostic import page_of
from qtopo.errors import UnknownNameError
from qtopo.rules import page
from qtopo.topology.code_rules import FAMILY as CODE
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from qtopo.rules.base import Rule

EPILOG = """\
examples:
  qtopo rule queue-unconsumed
  qtopo rule QT101 --format json

`qtopo rules` lists them all.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("rule", metavar="RULE", help="the rule's name, or its code")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_color_argument(parser)


def call(args: argparse.Namespace) -> int:
    """Print a rule's page; returns the exit code."""
    one = _find(args.rule, plugin_rules(args))
    if args.format == "json":
        answer_json({"format_version": 1, **_as_json(one)})
    else:
        answer(
            render(
                _text(one),
                width=terminal_width(sys.stdout),
                color=use_color(sys.stdout, args.color),
            )
        )
    return OK


def _find(wanted: str, extra: Iterable[type[Rule]]) -> Entry:
    entries = catalogue(extra)
    for one in entries:
        if one.name == wanted.lower() or one.code == wanted.upper():
            return one
    hint = did_you_mean(wanted, [one.name for one in entries])
    raise UnknownNameError(f"no rule {wanted!r}", hint or "`qtopo rules` lists them all")


def _text(one: Entry) -> str:
    heading = f"# {one.name} ({one.code})\n\nSeverity: {one.severity}. Family: {one.family}.\n\n"
    link = f"\n\n{page_of(one.name, one.code)}"
    return heading + one.markdown + link


def _as_json(one: Entry) -> dict[str, Any]:
    sections = one.content.sections
    return {
        **one.as_json(),
        "why": sections.get(page.WHY),
        "example": _toml(sections.get(page.EXAMPLE)),
        "use_instead": _toml(sections.get(page.INSTEAD)),
        **_code(one, sections),
        "versions": sections.get(page.VERSIONS),
        "source": sections.get(page.SOURCE),
        "markdown": one.markdown,
    }


def _code(one: Entry, sections: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the files of Python that belong to the examples of a rule about code."""
    if one.family != CODE:
        return {}
    return {
        "example_code": pages.files(sections[page.EXAMPLE]),
        "use_instead_code": pages.files(sections[page.INSTEAD]),
    }


def _toml(section: str | None) -> str | None:
    blocks = page.blocks(section or "")
    return blocks[0] if blocks else None
