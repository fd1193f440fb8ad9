"""Make a topology from what is there: an application, or settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qtopo.cli.common import add_topology_arguments, answer, answer_json, complain, say, write_file
from qtopo.cli.main import NO, OK
from qtopo.errors import QtopoError, UnknownNameError
from qtopo.importers.sources import SOURCES, Options, read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from qtopo.importers.draft import Draft
    from qtopo.importers.verify import Difference, Verdict
    from qtopo.topology.topology import Topology

_KINDS = "\n".join(
    f"  {f'{name} {kind.metavar}':23} {kind.summary}" for name, kind in SOURCES.items()
)

EPILOG = f"""\
sources, several in one run; where they disagree the first one counts, and it is said:
{_KINDS}

examples:
  qtopo import app shop.celery:app -o topology.toml
  qtopo import settings shop/settings.py --namespace CELERY -o topology.toml
  qtopo import settings celeryconfig.py --verify
  qtopo import settings shop/settings.py commands compose.yml worker.sh .env -o topology.toml
  qtopo import definitions export.json --vhost shop -o topology.toml
  qtopo import broker env:BROKER_URL -o topology.toml

Only `app`, and `settings` given as a module (`shop.settings`), import the project and so
run its code. A settings file is read, and nothing of it runs.

With --verify the old application (or settings) and the new one route every known task
through Celery itself: a difference that no named trap of Celery's explains exits 1.

The topology goes to -o, or to stdout; the report to stderr, with --format json to stdout
(to stderr with `-o -`; without -o the topology is part of it). A file that exists is
not replaced without --force.
"""

INTERMIXED = True
"""Options may stand between the sources."""

_STDOUT = "-"
_SHOWN = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "sources", nargs="+", metavar="KIND SOURCE", help=f"what to read: {', '.join(SOURCES)}"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the file to write (default: -, stdout)"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    parser.add_argument(
        "--namespace", metavar="PREFIX", help="prefix of the settings, such as Django's CELERY"
    )
    parser.add_argument("--vhost", metavar="NAME", help="the vhost of RabbitMQ's to read")
    parser.add_argument(
        "--key-prefix", metavar="PREFIX", help="the prefix of the keys in Redis to read"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="route every task through Celery with the old settings and the new",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to write the report"
    )


def call(args: argparse.Namespace) -> int:
    """Import; returns the exit code."""
    sources = _sources(args.sources)
    output = args.output or args.topology or _STDOUT
    if output != _STDOUT and os.path.lexists(output) and not args.force:
        complain(f"{output} is there already", "replace it with --force, or name another file")
        return NO
    options = Options(args.namespace, args.vhost, args.key_prefix)
    if args.verify and not any(kind in ("app", "settings") for kind, _ in sources):
        raise UnknownNameError(
            "--verify needs an application or settings", "name one: app MODULE:ATTR"
        )
    draft, text, topology = _imported(sources, options)
    verdicts = []
    if args.verify:
        verdicts = _verified(sources, options, topology, draft)
    if output != _STDOUT:
        write_file(output, text.encode())
    elif args.format == "text" or args.output == _STDOUT:
        answer(text)
    _report(args, draft, verdicts, output, text)
    return NO if any(one.unexplained for one in verdicts) else OK


def _sources(words: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the sources of the command line: kinds, each with what it names."""
    from qtopo.importers.declarations.keep import without_userinfo

    found: list[tuple[str, list[str]]] = []
    for word in words:
        if word in SOURCES and (not found or found[-1][1]):
            found.append((word, []))
        elif not found:
            from qtopo.topology.suggest import did_you_mean

            shown = without_userinfo(word)
            hint = did_you_mean(word, SOURCES) or f"they are {', '.join(SOURCES)}"
            raise UnknownNameError(f"no kind of source {shown!r}: {hint}")
        elif found[-1][1] and not SOURCES[found[-1][0]].several:
            shown = without_userinfo(word)
            raise UnknownNameError(
                f"{shown!r} is no kind of source, and {found[-1][0]} takes one source alone",
                f"kinds are {', '.join(SOURCES)}",
            )
        else:
            found[-1][1].append(word)
    for kind, named in found:
        if not named:
            raise UnknownNameError(f"{kind} names no source", f"write {SOURCES[kind].metavar}")
    return [(kind, tuple(named)) for kind, named in found]


def _imported(
    sources: Sequence[tuple[str, tuple[str, ...]]], options: Options
) -> tuple[Draft, str, Topology]:
    """Return the merged draft, its text, and the topology that the text holds."""
    import tomli

    from qtopo.importers.complete import complete
    from qtopo.importers.merge import merge
    from qtopo.importers.sound import make_sound
    from qtopo.importers.write import write
    from qtopo.topology.topology import Topology

    draft = merge([read(kind, named, options) for kind, named in sources])
    complete(draft)
    make_sound(draft)
    text = write(draft)
    topology, findings = Topology.from_data(tomli.loads(text))
    for finding in findings:
        raise QtopoError(
            f"internal error: what was imported is no topology: {finding.message}",
            "this is a fault of qtopo's: please report it",
        )
    return draft, text, topology


def _verified(
    sources: Sequence[tuple[str, tuple[str, ...]]],
    options: Options,
    topology: Topology,
    draft: Draft,
) -> list[Verdict]:
    """Compare with each application, and with all settings together: the first one counts."""
    from qtopo.importers.draft import Draft as Draft_
    from qtopo.importers.settings import settings_of
    from qtopo.importers.verify import verify_app, verify_settings

    verdicts = [verify_app(named[0], topology, draft) for kind, named in sources if kind == "app"]
    given = [
        settings_of(named[0], options, Draft_("")) for kind, named in sources if kind == "settings"
    ]
    if given:
        together = {name: value for one in reversed(given) for name, value in one.items()}
        verdicts.append(verify_settings(together, topology, draft))
    return verdicts


def _report(
    args: argparse.Namespace,
    draft: Draft,
    verdicts: Sequence[Verdict],
    output: str,
    text: str,
) -> None:
    if args.format == "json":
        report = _json(draft, verdicts, output)
        if output == _STDOUT and args.output == _STDOUT:
            import json

            say(json.dumps(report, indent=2, ensure_ascii=False))
        else:
            if output == _STDOUT:
                report["topology"] = text
            answer_json(report)
        return
    for note in draft.notes:
        where = f"{note.where}: " if note.where else ""
        trap = f" [{note.trap}]" if note.trap else ""
        say(f"{note.severity}: {where}{_line(note.message)}{trap}")
    counted = {
        name: len(draft.data.get(name, ()))
        for name in ("queues", "exchanges", "routes", "tasks", "workers")
    }
    parts = ", ".join(
        f"{count} {name if count > 1 else name.removesuffix('s')}"
        for name, count in counted.items()
        if count
    )
    kept = len(draft.leftovers)
    said = f"imported {parts or 'nothing'} from {draft.source}"
    if kept:
        said += f"; without a place in the file, and comments at its end: {kept}"
    say(said if output == _STDOUT else f"wrote {output}: {said}")
    for verdict in verdicts:
        _tell(verdict)


def _tell(verdict: Verdict) -> None:
    odd = sum(one.entry is not None for one in verdict.differences)
    same = verdict.tasks - (len(verdict.differences) - odd)
    said = f"Celery {verdict.celery} routes {same} of {verdict.tasks} names alike, old and new"
    if verdict.entries:
        said += f", and {verdict.entries - odd} of {verdict.entries} entries of the schedule"
    say(said)
    for one in verdict.differences[:_SHOWN]:
        why = f"explained by {one.trap}" if one.note else "not explained"
        what = one.task if one.entry is None else f"{one.task}, by entry {one.entry!r}"
        say(f"  {_line(what)} ({why})\n    old: {one.old.text()}\n    new: {one.new.text()}")
    if len(verdict.differences) > _SHOWN:
        say(f"  and {len(verdict.differences) - _SHOWN} more")


def _line(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _json(draft: Draft, verdicts: Sequence[Verdict], output: str) -> dict[str, Any]:
    report: dict[str, Any] = {
        "format_version": 1,
        "file": None if output == _STDOUT else output,
        "source": draft.source,
        "notes": [
            {
                "severity": note.severity,
                "message": note.message,
                "path": None if note.path is None else list(note.path),
                "where": note.where,
                "trap": note.trap,
            }
            for note in draft.notes
        ],
        "leftovers": [{"title": one.title, "lines": list(one.lines)} for one in draft.leftovers],
    }
    if verdicts:
        report["verify"] = [
            {
                "tasks": one.tasks,
                "entries": one.entries,
                "celery": one.celery,
                "differences": [_difference(each) for each in one.differences],
                "unexplained": len(one.unexplained),
            }
            for one in verdicts
        ]
    return report


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "task": one.task,
        "entry": one.entry,
        "old": one.old._asdict(),
        "new": one.new._asdict(),
        "trap": one.trap,
        "why": None if one.note is None else one.note.message,
    }
