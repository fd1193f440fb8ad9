"""What was emitted, and what is on the disk: written, compared, strays found."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import complain, say, write_file
from qtopo.cli.main import NO, OK
from qtopo.emit.base import OVERLAID, TARGETS, mark
from qtopo.emit.yaml_ import one_line
from qtopo.errors import QtopoError, UnknownNameError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from qtopo.emit.base import Artifact, Job

STDOUT = "-"
_HEADER = 2
_LONGEST_LINE = 1000


def write(args: argparse.Namespace, job: Job, artifacts: Sequence[Artifact], done: str) -> None:
    """Write the files that differ, and say so; strays are named, or removed with --prune.

    Raises QtopoError, before anything is written, where a launch file would take
    the place of one that qtopo has not made.
    """
    for artifact in artifacts:
        _require_own(job, artifact)
    folder = TARGETS[job.target].folder
    if folder:
        _make_folder(args.output)
    changed = 0
    for artifact in artifacts:
        content = artifact.content.encode()
        if artifact.path == STDOUT:
            _print(content)
        elif _current(artifact.path) != content:
            write_file(artifact.path, content)
            changed += 1
    if args.output != STDOUT:
        count = f" ({changed} of {len(artifacts)} files)" if folder else ""
        say(
            f"wrote {args.output}{count}: {done}"
            if changed
            else f"{args.output} is up to date: {done}"
        )
    for path in strays(job, artifacts):
        if args.prune:
            _remove(path)
            say(f"removed {path}: nothing in the topology asks for it any more")
        else:
            complain(
                f"{path} is a stray: nothing in the topology asks for it any more",
                "remove it, or let --prune do so",
                kind="warning",
            )


def compare(args: argparse.Namespace, job: Job, artifacts: Sequence[Artifact]) -> int:
    """Hold the files that are there against what would be written."""
    stale = False
    for artifact in artifacts:
        if artifact.path == STDOUT:
            raise UnknownNameError("stdout is never stale", "name the file to compare")
        found, wanted = _current(artifact.path), artifact.content.encode()
        if found == wanted:
            if args.check:
                say(f"{artifact.path} is up to date")
            continue
        stale = True
        if args.diff:
            _diff(artifact.path, found, artifact.content)
        else:
            state = "does not exist" if found is None else "is stale"
            complain(f"{artifact.path} {state}", f"refresh it with `{_command(args)}`")
    for path in strays(job, artifacts):
        stale = True
        if args.diff:
            _diff(path, _current(path), None)
        else:
            complain(
                f"{path} is a stray: nothing in the topology asks for it any more",
                f"remove it with `{_command(args)} --prune`",
            )
    return NO if stale else OK


def strays(job: Job, artifacts: Sequence[Artifact]) -> list[str]:
    """Return the files of a target's folder that it made once and would not make now.

    What does not say at its beginning that this target made it, of this topology
    in whatever environment, is somebody else's: two topologies may share a folder.
    """
    if not TARGETS[job.target].folder:
        return []
    wanted = {os.path.basename(one.path) for one in artifacts}
    try:
        names = sorted(os.listdir(job.output))
    except OSError:
        return []
    paths = [os.path.join(job.output, name) for name in names if name not in wanted]
    return [path for path in paths if os.path.isfile(path) and _made_of(job, path)]


def _made_of(job: Job, path: str) -> bool:
    """Whether a file says that this target made it of this topology."""
    made, *rest = [*_beginning(path), ""]
    origin = one_line(f"# From: {job.source}")
    return f"{mark(job.target)}:" in made and (
        rest[0] == origin.rstrip() or rest[0].startswith(one_line(f"{origin}{OVERLAID}"))
    )


def _require_own(job: Job, artifact: Artifact) -> None:
    """Raise QtopoError where a file would be lost that the target has not made.

    Only where files say who made them: JSON cannot, and settings may take the
    place of those that they were imported from.
    """
    made = f"{mark(job.target)}:"
    if artifact.path == STDOUT or not artifact.content.startswith(f"# {made}"):
        return
    found = _current(artifact.path)
    if found and found.strip() and not any(made in one for one in _beginning(artifact.path)):
        raise QtopoError(
            f"{artifact.path!r} is there already, and target {job.target!r} has not made it",
            "move it out of the way, or name another place",
        )


def _beginning(path: str) -> list[str]:
    """Return the lines that hold a header; none where the file cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return [stream.readline(_LONGEST_LINE).rstrip() for _ in range(_HEADER)]
    except OSError:
        return []


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError as error:
        raise QtopoError(f"cannot remove {path!r}: {error.strerror}") from None


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise QtopoError(f"cannot make the folder {path!r}: {error.strerror}") from None


def _command(args: argparse.Namespace) -> str:
    """Return the command line that writes the file."""
    import shlex

    words = ["qtopo", "emit", args.output]
    for option in ("target", "namespace", "app", "topology", "env"):
        if getattr(args, option, None) is not None:
            words += [f"--{option}", getattr(args, option)]
    if args.no_check:
        words.append("--no-check")
    return shlex.join(words)


def _diff(path: str, found: bytes | None, wanted: str | None) -> None:
    """Print how a file would change; None: it is not there, or would go."""
    import difflib

    before = (found or b"").decode("utf-8", "replace").splitlines(keepends=True)
    after = (wanted or "").splitlines(keepends=True)
    old = "/dev/null" if found is None else path
    new = "/dev/null" if wanted is None else path
    for line in difflib.unified_diff(before, after, old, new):
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
