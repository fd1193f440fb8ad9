"""Run the tests of the file: whether each task goes where `[[tests]]` says."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    load_and_warn,
    use_color,
    use_unicode,
)
from qtopo.cli.main import NO, OK
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

    from qtopo.cli.verdicts import Verdict
    from qtopo.routing.cases import Check
    from qtopo.source import Loaded

EPILOG = """\
examples:
  qtopo test
  qtopo test --env staging
  qtopo test -k mail -k 'shop.reports.*'
  qtopo test --format junit > tests.xml

A test is a table of the file:

  [[tests]]
  name = "receipts are mailed once"
  task = "shop.emails.receipt"
  call = { countdown = "5m" }
  expect = { queue = "emails", exactly_once = true }

The exit code is 1 where a test fails, and 2 where there was none to run: a
run that has tested nothing says nothing.
"""

FORMATS = ("text", "json", "junit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "-k",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only tests with this in their name or task; with * a pattern for all of either",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how the answer is shown")
    add_color_argument(parser)


def call(args: argparse.Namespace) -> int:
    """Run the tests; returns the exit code."""
    loaded = load_and_warn(args)
    verdicts = _run(loaded, _chosen(loaded, args.k))
    from qtopo.cli import verdicts as shown

    if args.format == "json":
        answer(shown.as_json(verdicts))
    elif args.format == "junit":
        answer(shown.as_junit(verdicts, unicode=use_unicode(sys.stdout)))
    else:
        answer(shown.as_text(verdicts, color=use_color(sys.stdout, args.color)))
    return NO if any(one.reasons for one in verdicts) else OK


def _chosen(loaded: Loaded, patterns: list[str]) -> list[Check]:
    from qtopo.routing.cases import checks

    every = list(checks(loaded.topology))
    if not every:
        raise QtopoError(
            f"{loaded.source.file} has no tests",
            "a [[tests]] table says where a task is meant to go: see qtopo test --help",
        )
    if not patterns:
        return every
    chosen = [one for one in every if any(_matches(one, pattern) for pattern in patterns)]
    if not chosen:
        raise QtopoError(
            f"no test of {loaded.source.file} matches -k {' -k '.join(map(repr, patterns))}",
            f"it has {_listed([one.name for one in every])}",
        )
    return chosen


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def _matches(check: Check, pattern: str) -> bool:
    wanted = pattern.casefold()
    texts = (check.name.casefold(), check.task.casefold())
    if "*" not in wanted:
        return any(wanted in text for text in texts)
    from fnmatch import fnmatchcase

    # Brackets stand in names; only the star is a pattern here.
    glob = wanted.replace("[", "[[]").replace("?", "[?]")
    return any(fnmatchcase(text, glob) for text in texts)


def _run(loaded: Loaded, chosen: list[Check]) -> list[Verdict]:
    from qtopo.cli.verdicts import Verdict
    from qtopo.topology.finding import At

    places = loaded.source.locate([At(one.path) for one in chosen])
    return [
        Verdict(
            one.name,
            one.task,
            one.reasons(loaded.topology),
            place,
            loaded.source.environment,
        )
        for one, place in zip(chosen, places, strict=True)
    ]
