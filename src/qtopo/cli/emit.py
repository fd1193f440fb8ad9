"""Write Celery's configuration from a topology, proved against Celery itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtopo import __version__
from qtopo.cli.common import (
    add_topology_arguments,
    complain,
    load,
    render,
    rule_errors,
    say,
    write_file,
)
from qtopo.cli.main import NO, OK
from qtopo.emit.base import TARGETS, Job, emitter, target_of
from qtopo.errors import UnknownNameError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from qtopo.emit.base import Artifact
    from qtopo.source import Loaded

_TARGETS = "\n".join(
    f"  {name:15} {', '.join(target.patterns):8} {target.summary}"
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

A topology with errors is not emitted. What is written is the same for the same
topology, holds no secret, and has been loaded into Celery: every task that is
known by name goes where `qtopo route` says.
"""

_STDOUT = "-"
_DEFAULT = "celeryconfig"
_MANY = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument("output", metavar="OUTPUT", help="the file to write; - is stdout")
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
    parser.add_argument(
        "--no-check", action="store_true", help="emit a topology in spite of the errors in it"
    )


def call(args: argparse.Namespace) -> int:
    """Emit; returns the exit code."""
    emit = emitter(_target(args))
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
        namespace=args.namespace,
    )
    artifacts = emit.emit(job)
    if args.check or args.diff:
        return _compare(args, artifacts)
    proof = emit.prove(job, artifacts, _progress())
    done = emit.summary(job)
    if proof is not None:
        tasks = f"{proof.tasks} task" + ("" if proof.tasks == 1 else "s")
        done += f", proved with Celery {proof.celery} on {tasks}"
    for artifact in artifacts:
        content = artifact.content.encode()
        if artifact.path == _STDOUT:
            _print(content)
        elif _current(artifact.path) == content:
            say(f"{artifact.path} is up to date: {done}")
        else:
            write_file(artifact.path, content)
            say(f"wrote {artifact.path}: {done}")
    return OK


def _target(args: argparse.Namespace) -> str:
    if args.target is not None:
        return str(args.target)
    return _DEFAULT if args.output == _STDOUT else target_of(args.output)


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


def _compare(args: argparse.Namespace, artifacts: Sequence[Artifact]) -> int:
    """Hold the files that are there against what would be written."""
    stale = False
    for artifact in artifacts:
        if artifact.path == _STDOUT:
            raise UnknownNameError("stdout is never stale", "name the file to compare")
        found, wanted = _current(artifact.path), artifact.content.encode()
        if found == wanted:
            if args.check:
                say(f"{artifact.path} is up to date")
            continue
        stale = True
        if args.diff:
            _diff(artifact, found)
        else:
            state = "does not exist" if found is None else "is stale"
            complain(f"{artifact.path} {state}", f"refresh it with `{_command(args)}`")
    return NO if stale else OK


def _command(args: argparse.Namespace) -> str:
    """Return the command line that writes the file."""
    import shlex

    words = ["qtopo", "emit", args.output]
    for option in ("target", "namespace", "topology", "env"):
        if getattr(args, option) is not None:
            words += [f"--{option}", getattr(args, option)]
    if args.no_check:
        words.append("--no-check")
    return shlex.join(words)


def _diff(artifact: Artifact, found: bytes | None) -> None:
    import difflib

    before = (found or b"").decode("utf-8", "replace").splitlines(keepends=True)
    after = artifact.content.splitlines(keepends=True)
    old = "/dev/null" if found is None else artifact.path
    for line in difflib.unified_diff(before, after, old, artifact.path):
        _print(
            (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n").encode()
        )


def _current(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        # What keeps it from being read will keep it from being written, and says so then.
        return None


def _print(content: bytes) -> None:
    """Write bytes to stdout as they are: what is piped into a file is that file."""
    sys.stdout.flush()
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(content.decode())
    else:
        stream.write(content)
        stream.flush()


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
