"""Write what runs a topology: Celery's configuration, proved against Celery, and launch files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qtopo import __version__
from qtopo.api import app_tasks
from qtopo.cli.common import (
    add_topology_arguments,
    complain,
    load,
    render,
    rule_errors,
    say,
)
from qtopo.cli.main import NO, OK
from qtopo.cli.written import STDOUT, compare, write
from qtopo.emit.base import TARGETS, Job, emitter, target_of
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from qtopo.source import Loaded

_TARGETS = "\n".join(
    f"  {name:18} {target.summary}\n  {'':18} "
    + ("a folder" if target.folder else ", ".join(target.patterns))
    for name, target in TARGETS.items()
)

EPILOG = f"""\
targets:
{_TARGETS}

examples:
  qtopo emit celeryconfig.py
  qtopo emit shop/celery_settings.py --namespace CELERY
  qtopo emit celeryconfig.py --check
  qtopo emit - --env staging
  qtopo emit celeryconfig.py --app shop.celery:app
  qtopo emit Procfile
  qtopo emit --target kubernetes deploy/
  qtopo emit --target kubernetes deploy/ --prune

A topology with errors is not emitted. What is written is the same for the same
topology and holds no secret. Settings have been loaded into Celery: every task that
is known by name goes where `qtopo route` says. In a folder, files of the same target
that nothing asks for any more are strays: --check exits 1 for them, --prune removes
them. Other files there are left alone, and no launch file takes the place of one
that qtopo has not made.
"""

_DEFAULT = "celeryconfig"
_MANY = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("output", metavar="OUTPUT", help="the file or folder; - is stdout")
    parser.add_argument(
        "--target", metavar="NAME", help="what to write (default: what the file's name says)"
    )
    parser.add_argument(
        "--namespace", metavar="PREFIX", help="prefix of the settings, such as Django's CELERY"
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is stale"
    )
    mode.add_argument(
        "--diff",
        action="store_true",
        help="write nothing; show what would change, exit 1 if anything",
    )
    mode.add_argument(
        "--prune", action="store_true", help="remove the target's own files that are strays"
    )
    parser.add_argument(
        "--app",
        metavar="MODULE:ATTR",
        help="write out patterns for the tasks of this application, too: it is imported",
    )
    parser.add_argument(
        "--no-check", action="store_true", help="emit a topology in spite of the errors in it"
    )


def call(args: argparse.Namespace) -> int:
    """Emit; returns the exit code."""
    target = _target(args)
    emit = emitter(target)
    _require_sense(args, target)
    loaded = load(args)
    if not args.no_check and _refused(loaded):
        return NO
    topology = loaded.topology
    job = Job(
        topology,
        args.output,
        # The name alone: a path would differ from machine to machine.
        source=loaded.source.file.replace("\\", "/").rpartition("/")[2],
        version=__version__,
        known_tasks=() if args.app is None else app_tasks(args.app),
        namespace=args.namespace,
        target=target,
    )
    artifacts = emit.emit(job)
    if args.check or args.diff:
        return compare(args, job, artifacts)
    proof = emit.prove(job, artifacts, _progress())
    done = emit.summary(job)
    if proof is not None:
        tasks = f"{proof.tasks} task" + ("" if proof.tasks == 1 else "s")
        done += f", proved with Celery {proof.celery} on {tasks}"
    write(args, job, artifacts, done)
    for note in emit.notes(job):
        complain(note, kind="note")
    return OK


def _target(args: argparse.Namespace) -> str:
    if args.target is not None:
        return str(args.target)
    if args.output == STDOUT:
        return _DEFAULT
    return target_of(os.path.join(args.output, "") if os.path.isdir(args.output) else args.output)


def _require_sense(args: argparse.Namespace, target: str) -> None:
    """Raise QtopoError where the arguments cannot be meant for the target."""
    described, output = TARGETS[target], str(args.output)
    if described.folder:
        if output == STDOUT:
            raise QtopoError(f"target {target!r} writes several files", "name a folder for them")
        if not output or os.path.isfile(output):
            raise QtopoError(
                f"{output!r} is no folder, and target {target!r} writes several files",
                "name a folder for them",
            )
    else:
        if output.endswith("/") or os.path.isdir(output):
            raise QtopoError(
                f"{output!r} is a folder, and target {target!r} writes one file",
                "name the file in it",
            )
        if args.prune:
            raise QtopoError(
                f"target {target!r} writes one file, so --prune has nothing to look through",
                "leave --prune out",
            )
    for option in ("namespace", "app"):
        if getattr(args, option) is not None and not described.settings:
            raise QtopoError(
                f"target {target!r} writes no settings, which --{option} is for",
                f"leave --{option} out",
            )


def _refused(loaded: Loaded) -> bool:
    """Whether rules call anything an error; it is said on stderr."""
    errors = rule_errors(loaded)
    if not errors:
        return False
    say(render("full", loaded.source.files, errors, loaded.source.texts, sys.stderr))
    complain(
        f"nothing was emitted: {loaded.source.file} has errors",
        "mend them, or emit in spite of them with --no-check",
    )
    return True


def _progress() -> Callable[[int, int], None] | None:
    """Return what tells a person how far the proof is, where there is much to prove."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        if total >= _MANY:
            end = "\r" + " " * 40 + "\r" if done == total else ""
            sys.stderr.write(f"\rproving {done} of {total} tasks{end}")
            sys.stderr.flush()

    return tell
