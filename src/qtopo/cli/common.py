"""What the commands share: finding and loading the topology, and speaking to the user."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from qtopo import api, source
from qtopo.cli.main import NO
from qtopo.errors import QtopoError
from qtopo.source import search

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from qtopo.diagnostics import Diagnostic
    from qtopo.diagnostics.report import Fixable, RuleFacts
    from qtopo.rules.base import Rule
    from qtopo.source import Loaded


class Stop(Exception):  # noqa: N818
    """Everything has been said; only the exit code is left."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def add_topology_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command takes."""
    parser.add_argument(
        "-t", "--topology", metavar="FILE", help="the topology (default: see qtopo --help)"
    )
    parser.add_argument("--env", metavar="NAME", help="merge the overlay [environments.NAME] in")


def add_color_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--color`."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the output (default: on a terminal)",
    )


def find_topology(named: str | None) -> str:
    """Return the file to read: as named, else from the environment, else looked for upwards.

    Raises UnreadableFileError where there is none.
    """
    return search.find_topology(named)


def load(args: argparse.Namespace) -> Loaded:
    """Read the topology of the command line.

    Where its shape is broken the findings go to stderr, and Stop(1) is raised.
    """
    loaded = source.read(find_topology(args.topology), args.env)
    if loaded.broken:
        examination = judge(loaded)
        say(
            render(
                "full",
                loaded.source.files,
                examination.diagnostics,
                loaded.source.texts,
                sys.stderr,
            )
        )
        raise Stop(NO)
    return loaded


def load_and_warn(args: argparse.Namespace) -> Loaded:
    """Read the topology; errors of rules are said on stderr, and the command goes on."""
    loaded = load(args)
    # Saying where a task goes is no reason to run the code of plugins.
    errors = rule_errors(loaded, plugins=False)
    if errors:
        noun = "error" if len(errors) == 1 else "errors"
        complain(
            f"{loaded.source.file} has {len(errors)} {noun}, so this may not be what runs",
            f"see them with `qtopo check {loaded.source.file}`",
            kind="warning",
        )
    return loaded


def judge(
    loaded: Loaded, *, overlays: bool = True, plugins: bool = False, errors_only: bool = False
) -> api.Examination:
    """Judge what was read as `check` does, with what pyproject.toml decides about rules."""
    from qtopo.cli.lint_options import from_project

    project = from_project()
    below = None if project is None else project.layer
    return api.examine(
        loaded, overlays=overlays, below=below, plugins=plugins, errors_only=errors_only
    )


def rule_errors(loaded: Loaded, *, plugins: bool = True) -> list[Diagnostic]:
    """Return what the rules call errors in exactly this topology, overlays left aside.

    A rule that fails is a fault of qtopo's and raises QtopoError.
    """
    examination = judge(loaded, overlays=False, plugins=plugins, errors_only=True)
    for fault in examination.faults:
        raise QtopoError(f"internal error in rule {fault.rule}", fault.traceback)
    return [one for one in examination.diagnostics if one.severity == "error"]


def render(
    format: str,
    files: Iterable[str],
    diagnostics: Iterable[Diagnostic],
    texts: Any,
    stream: Any,
    *,
    suppressed: int = 0,
    color: str = "auto",
    extra: Iterable[type[Rule]] = (),
    fixable: Fixable | None = None,
) -> str:
    """Return diagnostics in one of the formats, for a stream.

    `fixable` is what `check` can mend of them: other commands do not offer it.
    """
    from qtopo.diagnostics.formats import DESCRIBING, renderer
    from qtopo.diagnostics.report import Fixable, Report

    return renderer(format)(
        Report(
            files=tuple(files),
            diagnostics=tuple(diagnostics),
            texts=texts,
            color=use_color(stream, color),
            suppressed=suppressed,
            width=terminal_width(stream),
            unicode=use_unicode(stream),
            rules=_facts(extra) if format in DESCRIBING else (),
            fixable=fixable or Fixable(),
        )
    )


def _facts(extra: Iterable[type[Rule]]) -> tuple[RuleFacts, ...]:
    """Return what can be said of every rule, which takes importing them all."""
    from qtopo.cli.catalogue import catalogue
    from qtopo.diagnostics.report import RuleFacts

    return tuple(
        RuleFacts(one.name, one.code, one.severity, one.summary, one.as_json()["docs"])
        for one in catalogue(extra)
    )


def use_color(stream: Any, choice: str = "auto") -> bool:
    """Whether to colour: as chosen, else NO_COLOR, FORCE_COLOR, else on a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def terminal_width(stream: Any) -> int:
    """Return how many columns a stream shows: COLUMNS, else the terminal's, else 100."""
    configured = os.environ.get("COLUMNS", "")
    if configured.isascii() and configured.isdigit() and int(configured[:6]) > 0:
        return int(configured[:6])
    try:
        return os.get_terminal_size(stream.fileno()).columns or 100
    except (OSError, ValueError, AttributeError):
        return 100


def use_unicode(stream: Any) -> bool:
    """Whether a stream can show box characters."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf8sig")


def say(text: str) -> None:
    """Write to stderr."""
    sys.stdout.flush()
    print(text.rstrip("\n"), file=sys.stderr)


def answer(text: str) -> None:
    """Write to stdout, one newline at its end; an empty answer writes nothing."""
    if text:
        print(text.rstrip("\n"))


def complain(message: str, help: str | None = None, *, kind: str = "error") -> None:
    """Write a problem and the way out to stderr."""
    say(f"qtopo: {kind}: {message}" + (f"\n  help: {help}" if help else ""))


def answer_json(value: Any) -> None:
    """Write a machine-readable answer to stdout."""
    import json

    answer(json.dumps(value, indent=2, ensure_ascii=False))


def write_file(path: str, content: bytes) -> None:
    """Write a file whole or not at all; one that has the content already is left alone.

    Raises QtopoError where the folder is missing or may not be written.
    """
    import tempfile

    try:
        with open(path, "rb") as stream:
            if stream.read() == content:
                return
    except OSError:
        pass
    # A link is written through: replacing it would cut the tie.
    target = os.path.realpath(path)
    temporary = None
    try:
        mode = os.stat(target).st_mode & 0o777 if os.path.exists(target) else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(
            dir=os.path.dirname(target) or ".", prefix=f".{os.path.basename(target)[:100]}."
        )
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except (OSError, ValueError) as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        reason = getattr(error, "strerror", None) or str(error)
        folder = os.path.dirname(target)
        way_out = None if os.path.isdir(folder) else f"make the folder {os.path.dirname(path)!r}"
        raise QtopoError(f"cannot write {path!r}: {reason}", way_out) from None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
