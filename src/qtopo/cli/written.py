"""What was emitted, and what is on the disk: written, compared, strays found."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import complain, say, write_file
from qtopo.cli.main import NO, OK
from qtopo.emit.base import TARGETS, mark
from qtopo.errors import QtopoError, UnknownNameError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from qtopo.emit.base import Artifact

STDOUT = "-"
_FIRST_LINE = 200


def write(args: argparse.Namespace, target: str, artifacts: Sequence[Artifact], done: str) -> None:
    """Write the files that differ, and say so; strays are named, or removed with --prune."""
    if TARGETS[target].folder:
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
        count = f" ({changed} of {len(artifacts)} files)" if TARGETS[target].folder else ""
        say(
            f"wrote {args.output}{count}: {done}"
            if changed
            else f"{args.output} is up to date: {done}"
        )
    for path in strays(args.output, target, artifacts):
        if args.prune:
            _remove(path)
            say(f"removed {path}: nothing in the topology asks for it any more")
        else:
            complain(
                f"{path} is a stray: nothing in the topology asks for it any more",
                "remove it, or let --prune do so",
                kind="warning",
            )


def compare(args: argparse.Namespace, target: str, artifacts: Sequence[Artifact]) -> int:
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
    for path in strays(args.output, target, artifacts):
        stale = True
        if args.diff:
            _diff(path, _current(path), None)
        else:
            complain(
                f"{path} is a stray: nothing in the topology asks for it any more",
                f"remove it with `{_command(args)} --prune`",
            )
    return NO if stale else OK


def strays(output: str, target: str, artifacts: Sequence[Artifact]) -> list[str]:
    """Return the files of a target's folder that it made once and would not make now.

    What does not say in its first line that this target made it is somebody else's.
    """
    if not TARGETS[target].folder:
        return []
    wanted = {os.path.basename(one.path) for one in artifacts}
    sign = mark(target).encode()
    found = []
    try:
        names = sorted(os.listdir(output))
    except OSError:
        return []
    for name in names:
        path = os.path.join(output, name)
        if name in wanted or not os.path.isfile(path):
            continue
        try:
            with open(path, "rb") as stream:
                first = stream.readline(_FIRST_LINE)
        except OSError:
            continue
        if sign + b":" in first:
            found.append(path)
    return found


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
