"""Find what is wrong with a topology: its shape, every rule, and every overlay."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qtopo import api, source
from qtopo.cli import lint_options
from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    complain,
    find_topology,
    render,
    say,
    write_file,
)
from qtopo.cli.main import CANNOT, NO, OK
from qtopo.diagnostics.formats import FORMATS, PROSE
from qtopo.errors import QtopoError, UnreadableFileError
from qtopo.topology.finding import SEVERITIES, At, Finding, Place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from qtopo.code.survey import Survey
    from qtopo.diagnostics import Diagnostic
    from qtopo.diagnostics.report import Fixable
    from qtopo.rules.base import Rule
    from qtopo.rules.configuration import Layer
    from qtopo.rules.engine import Fault
    from qtopo.source import Loaded

EPILOG = """\
examples:
  qtopo check
  qtopo check topology.toml --fail-on warning
  qtopo check --select QT1,timing --ignore near-miss-task
  qtopo check --write-baseline known.json; qtopo check --baseline known.json
  qtopo check --project . --app shop.celery:app

A comment `# qtopo: ignore[rule-name]` on the line of a finding, or alone on the
line above it, waives the rule there; above the header of a table in all of it.
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
    lint_options.add_arguments(parser)
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="error",
        help="the least severe finding that makes the exit code 1 (default: error)",
    )
    parser.add_argument("--fix", action="store_true", help="mend what has one right answer")
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="mend what changes what the file means, too"
    )
    parser.add_argument("--diff", action="store_true", help="show what --fix would change")
    parser.add_argument(
        "--baseline", metavar="FILE", help="pass over the findings that are in this file"
    )
    parser.add_argument(
        "--write-baseline", metavar="FILE", help="write the findings to a file, for --baseline"
    )
    parser.add_argument(
        "--statistics", action="store_true", help="count the findings of each rule instead"
    )
    parser.add_argument(
        "--project",
        metavar="DIR",
        help="hold the Python of a folder against the topology, too: it is read, never run",
    )
    parser.add_argument(
        "--app",
        metavar="MODULE:ATTR",
        help="hold a Celery application against the topology, too: it is imported and loaded",
    )
    parser.add_argument("--watch", action="store_true", help="check again whenever a file changes")
    add_color_argument(parser)


def call(args: argparse.Namespace) -> int:
    """Check the files; returns the exit code."""
    files = args.files or [find_topology(args.topology)]
    if args.files and args.topology:
        files = [args.topology, *args.files]
    files = list(dict.fromkeys(files))
    _refuse(args)
    fixed = OK
    if args.fix or args.unsafe_fixes or args.diff:
        from qtopo.cli.fixing import call as fix

        fixed = fix(args, files, _judge(args))
        if args.diff:
            return fixed
    if args.watch:
        from qtopo.cli.watch import watch

        return watch(lambda: _watched(args, files))
    outcome = examine(args, files)
    if args.write_baseline:
        return _write_baseline(args, outcome, files)
    if outcome.names:
        answer(_shown(args, outcome, files))
    code = max(outcome.code, fixed)
    if code == OK and any(_counts(one, args.fail_on) for one in outcome.diagnostics):
        return NO
    return code


def _judge(args: argparse.Namespace) -> Callable[[Loaded], list[Diagnostic]]:
    """Return what finds the findings of one file, with all that was decided about rules."""
    project = lint_options.from_project()
    below = None if project is None else project.layer
    above = lint_options.from_command_line(args)

    def judge(loaded: Loaded) -> list[Diagnostic]:
        plugins = not args.no_plugins
        return api.examine(loaded, below=below, above=above, plugins=plugins).diagnostics

    return judge


class Outcome:
    """What a run over several files has gathered; `names` are the files, `code` the exit code.

    `extra` are the rules of plugins that ran.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.texts: dict[str, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.suppressed = 0
        self.code = OK
        self.extra: dict[type[Rule], None] = {}


def examine(args: argparse.Namespace, files: Iterable[str]) -> Outcome:
    """Judge each file with all that was decided about rules; complains on stderr."""
    outcome = Outcome()
    project = lint_options.from_project()
    asked = lint_options.from_command_line(args)
    code = None
    if args.project is not None or args.app is not None:
        code = api.survey_project(args.project, args.app)
    if project is not None and project.diagnostics:
        outcome.names.update(dict.fromkeys(project.source.files))
        outcome.texts.update(project.source.texts)
        outcome.diagnostics.extend(project.diagnostics)
    for file in files:
        try:
            loaded = source.read(file, args.env)
        except UnreadableFileError as error:
            outcome.code = CANNOT
            complain(str(error), error.help)
            if args.format not in PROSE:
                # Programs read the answer, not what is said beside it.
                outcome.names[file] = None
                outcome.diagnostics.append(_unreadable(file, str(error)))
            continue
        examination = api.examine(
            loaded,
            below=None if project is None else project.layer,
            above=asked,
            plugins=not args.no_plugins,
        )
        outcome.names.update(dict.fromkeys(loaded.source.files))
        outcome.texts.update(loaded.source.texts)
        outcome.diagnostics.extend(examination.diagnostics)
        outcome.suppressed += examination.suppressed
        outcome.extra.update(dict.fromkeys(examination.extra))
        if code is not None:
            _hold_against(code, loaded, outcome, project, asked, args)
        if project is not None and examination.below:
            _blame(outcome, project, examination.below)
        for fault in examination.faults:
            outcome.code = CANNOT
            _complain_of(fault, file)
    if args.baseline and not args.write_baseline:
        from qtopo.cli.baseline import Baseline

        outcome.diagnostics = Baseline(args.baseline).new(outcome.diagnostics)
    return outcome


def _hold_against(
    code: Survey,
    loaded: Loaded,
    outcome: Outcome,
    project: lint_options.Project | None,
    asked: Layer | None,
    args: argparse.Namespace,
) -> None:
    """Add what the code of a folder, or of an application, has to do with a topology."""
    held = api.examine_project(
        loaded,
        code,
        below=None if project is None else project.layer,
        above=asked,
        plugins=not args.no_plugins,
    )
    outcome.names.update(dict.fromkeys(one.place.file for one in held.diagnostics))
    outcome.texts.update(held.texts)
    outcome.diagnostics.extend(held.diagnostics)
    outcome.suppressed += held.suppressed


def _refuse(args: argparse.Namespace) -> None:
    """Raise QtopoError for options that make no sense together."""
    pairs = (
        ("watch", "write_baseline"),
        ("watch", "app"),
        ("watch", "fix"),
        ("watch", "diff"),
        ("watch", "unsafe_fixes"),
        ("statistics", "write_baseline"),
    )
    for one, other in pairs:
        if getattr(args, one) and getattr(args, other):
            raise QtopoError(f"--{one} and --{other.replace('_', '-')} exclude each other")
    if args.watch and args.format not in PROSE:
        raise QtopoError("--watch is for people", f"use --format {' or '.join(PROSE)}")
    if args.statistics and args.format not in (*PROSE, "json"):
        raise QtopoError(
            f"there are no statistics in the format {args.format!r}",
            f"use --format {', '.join(PROSE)} or json",
        )


def _blame(outcome: Outcome, project: lint_options.Project, findings: Iterable[Finding]) -> None:
    """Add what is wrong with pyproject.toml, once for all files."""
    from qtopo.diagnostics import place

    outcome.names.update(dict.fromkeys(project.source.files))
    outcome.texts.update(project.source.texts)
    outcome.diagnostics.extend(
        one for one in place(findings, project.source) if one not in outcome.diagnostics
    )


def _complain_of(fault: Fault, file: str) -> None:
    whose = "its plugin's" if fault.plugin else "qtopo's"
    ask = "mend it" if fault.plugin else "please report it"
    complain(
        f"rule {fault.rule} failed on {file}; the other rules ran",
        f"this is a fault of {whose}: {ask}, with the output of QTOPO_DEBUG=1",
    )
    if os.environ.get("QTOPO_DEBUG"):
        say(fault.traceback)


def _shown(args: argparse.Namespace, outcome: Outcome, files: list[str]) -> str:
    if args.statistics:
        from qtopo.cli.statistics import statistics

        return statistics(outcome.diagnostics, outcome.suppressed, as_json=args.format == "json")
    return render(
        args.format,
        outcome.names,
        outcome.diagnostics,
        outcome.texts,
        sys.stdout,
        suppressed=outcome.suppressed,
        color=args.color,
        extra=outcome.extra,
        fixable=_fixable(args, outcome, files),
    )


def _fixable(args: argparse.Namespace, outcome: Outcome, files: list[str]) -> Fixable | None:
    """Return how many findings fixes would mend; None where nobody is told, or nothing has one."""
    fixes = [one.fix.safe for one in outcome.diagnostics if one.fix is not None]
    if args.format != "full" or not fixes:
        return None
    from qtopo.cli.fixing import count

    return count(args, files, _judge(args), safe=any(fixes), unsafe=not all(fixes))


def _watched(args: argparse.Namespace, files: list[str]) -> tuple[str, list[str]]:
    """Return what a watch shows, and the files it depends on; a problem ends no watch."""
    try:
        outcome = examine(args, files)
    except QtopoError as error:
        text, seen = (
            f"qtopo: error: {error}" + (f"\n  help: {error.help}" if error.help else ""),
            [],
        )
    else:
        text, seen = _shown(args, outcome, files) if outcome.names else "", list(outcome.names)
        seen += [path for rule in outcome.extra if (path := plugin_file(rule))]
    return text, [*files, *outcome.names, *seen, "pyproject.toml"]


def plugin_file(rule: type[Rule]) -> str | None:
    """Return the file that a rule stands in."""
    return getattr(sys.modules.get(rule.__module__), "__file__", None)


def _write_baseline(args: argparse.Namespace, outcome: Outcome, files: list[str]) -> int:
    """Write the findings; with errors of shape there are too few of them to be written."""
    from qtopo.cli import baseline

    broken = [one for one in outcome.diagnostics if not baseline.may_stand(one)]
    if broken or outcome.code != OK:
        outcome.diagnostics = broken
        answer(_shown(args, outcome, files))
        complain("no baseline is written: not all could be checked", "mend this first")
        return outcome.code or NO
    content = baseline.write(args.write_baseline, outcome.diagnostics)
    write_file(args.write_baseline, content)
    count = len(outcome.diagnostics)
    say(f"{args.write_baseline}: {count} {'finding' if count == 1 else 'findings'}")
    return OK


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

        def resolve(self, fix: object) -> None:
            """There is no text to change."""

    return place([finding], _Nowhere())[0]
