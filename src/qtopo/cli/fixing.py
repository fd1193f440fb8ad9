"""`qtopo check --fix` and `--diff`: makes fixes, or shows what they would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo import api
from qtopo.cli.common import complain, say, use_color, write_file
from qtopo.cli.main import CANNOT, NO, OK
from qtopo.errors import UnreadableFileError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qtopo.diagnostics import Diagnostic
    from qtopo.diagnostics.report import Fixable
    from qtopo.fixes.mending import Mended
    from qtopo.source import Loaded

_SHOWN = 10

_PATIENCE = 20
"""How many sets of fixes are tried to find out how many would be made."""


def call(
    args: argparse.Namespace,
    files: Sequence[str],
    examine: Callable[[Loaded], Sequence[Diagnostic]],
) -> int:
    """Fix the files; returns the exit code of the fixing.

    `args` are those of `check`, and `examine` returns what it reports of a file:
    nothing else is fixed. With `--diff` the changes are printed instead of made,
    and the code is 1 where there are any. What was done is said on stderr; what
    is left is for `check` to say.
    """
    code = OK
    done: dict[str, bytes] = {}
    fixed = 0
    declined: list[Diagnostic] = []
    changed: list[str] = []
    for file in dict.fromkeys(files):
        try:
            # What one topology changes, another that includes the same file finds changed.
            mended = _mend(args, file, examine, unsafe=args.unsafe_fixes, contents=done)
        except UnreadableFileError as error:
            complain(str(error), error.help)
            code = CANNOT
            continue
        fixed += len(mended.made)
        declined += mended.declined
        for name, content in mended.after.items():
            if args.diff:
                _show(name, mended.before[name], content, args.color)
            else:
                write_file(name, content)
            changed.append(name)
        done |= mended.after
    names = list(dict.fromkeys(changed))
    if fixed or declined or args.diff:
        say(_summary(fixed, len(names), would=args.diff))
        _say_declined(declined)
    return NO if code == OK and args.diff and names else code


def count(
    args: argparse.Namespace,
    files: Iterable[str],
    examine: Callable[[Loaded], Sequence[Diagnostic]],
    *,
    safe: bool,
    unsafe: bool,
) -> Fixable:
    """Return how many of the findings `call` would mend, by making the fixes and writing nothing.

    `safe` and `unsafe` say which fixes there are. One that would bring up another
    finding is none. Where very many are like that the search is given up.
    """
    from qtopo.diagnostics.report import Fixable

    sums = {False: 0, True: 0}
    exact = True
    for file in files:
        for kind in sums:
            if not (unsafe if kind else safe):
                continue
            try:
                mended = _mend(args, file, examine, unsafe=kind, patience=_PATIENCE)
            except UnreadableFileError:
                continue
            sums[kind] += len(mended.mended) + len(mended.left)
            exact = exact and not mended.left
    return Fixable(sums[False], max(0, sums[True] - sums[False]), exact)


def _mend(
    args: argparse.Namespace,
    file: str,
    examine: Callable[[Loaded], Sequence[Diagnostic]],
    *,
    unsafe: bool,
    contents: Mapping[str, bytes] | None = None,
    patience: int | None = None,
) -> Mended:
    """Mend one file as the command line asks for."""
    from qtopo.cli.lint_options import from_project
    from qtopo.fixes.mending import mend

    project = from_project()
    below = None if project is None else project.layer
    partial = args.select is not None or args.ignore is not None

    def everything(loaded: Loaded) -> Sequence[Diagnostic]:
        # A fix must bring up nothing, whatever the command line asks about.
        return api.examine(loaded, below=below, plugins=not args.no_plugins).diagnostics

    def chosen(loaded: Loaded, found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
        if partial:
            found = examine(loaded)
        if args.baseline:
            from qtopo.cli.baseline import Baseline

            found = Baseline(args.baseline).new(list(found))
        return found

    return mend(
        file,
        args.env,
        everything,
        choose=chosen,
        unsafe=unsafe,
        contents=contents,
        patience=patience,
    )


def _summary(fixed: int, files: int, *, would: bool) -> str:
    """Return the closing sentence."""
    if not fixed:
        return "Nothing to fix."
    verb = "Would fix" if would else "Fixed"
    problems = "1 problem" if fixed == 1 else f"{fixed} problems"
    return f"{verb} {problems} in {files} {'file' if files == 1 else 'files'}."


def _say_declined(declined: Sequence[Diagnostic]) -> None:
    """Say which fixes were left out: whoever makes them by hand finds out what else is wrong."""
    from qtopo.diagnostics.wording import location, message

    if declined:
        what = "a fix" if len(declined) == 1 else f"{len(declined)} fixes"
        say(f"Left out {what}, for want of room or since other findings would come up:")
    for one in declined[:_SHOWN]:
        say(f"  {location(one.place)}: {message(one)}")
    if len(declined) > _SHOWN:
        say(f"  and {len(declined) - _SHOWN} more")


def _show(name: str, before: bytes, after: bytes, color: str) -> None:
    """Print a unified diff. `patch` takes it, but for lines with a secret: those are masked."""
    import sys

    from qtopo.diagnostics.screen import painter, visible
    from qtopo.diagnostics.secrets import masked

    paint = painter(use_color(sys.stdout, color))
    styles = {"+": "good", "-": "error", "@": "info"}
    for line in _difference(visible(name), before, after):
        body = masked(line.rstrip("\n"))
        if sys.stdout.isatty():
            body = "\t".join(visible(part) for part in body.rstrip("\r").split("\t"))
        print(paint(body, styles[body[0]]) if body[:1] in styles else body)


def _difference(name: str, before: bytes, after: bytes) -> Iterable[str]:
    import difflib

    old, new = before.decode(), after.decode()
    for line in difflib.unified_diff(_lines(old), _lines(new), name, name):
        yield line
        if not line.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Return the lines with their line feeds: TOML knows no other line ends."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
