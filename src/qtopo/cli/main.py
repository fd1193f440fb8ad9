"""`qtopo`: finds the command, imports it alone, and turns what it says into an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

OK, NO, CANNOT = 0, 1, 2
"""Exit codes: fine; the answer is no; it could not be done."""

COMMANDS = {
    "check": "find what is wrong with a topology",
    "emit": "write Celery's configuration, and launch files",
    "workers": "list, print or run the worker processes",
    "permissions": "say the least that each process needs on the broker",
    "graph": "draw the topology",
    "route": "say where a task goes",
    "diff": "say what changes, and what it breaks",
    "test": "run the tests of the file",
    "import": "make a topology from settings, an application, a broker, commands",
    "rule": "explain a rule",
    "rules": "list the rules",
    "schema": "print the JSON Schema of the file, for editors",
    "init": "write a commented topology to start from",
}
"""Each command is the module of its name in this package (`import_` for `import`)."""

_MODULES = {"import": "import_"}
"""Commands whose name Python keeps for itself."""

_EPILOG = """\
examples:
  qtopo check topology.toml
  qtopo emit celeryconfig.py
  qtopo workers --print-commands
  qtopo route shop.emails.send

exit codes:
  0  fine
  1  the answer is no: findings, a stale file, a difference
  2  it could not be done: wrong usage, an unreadable file, a fault of qtopo's

The topology is -t FILE, else $QTOPO_TOPOLOGY, else [tool.qtopo] topology in
pyproject.toml, else topology.toml, here or in a folder above.
"""


def run() -> NoReturn:
    """The console script: runs the command line of this process and exits."""
    import gc

    # A short process that keeps nearly all it makes: looking for garbage costs a
    # fifth of the time on a large file and finds nothing. `--run` turns it on.
    gc.disable()
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Names of the file may be in any alphabet, or hold what no encoding has.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        parsed = _parse(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else CANNOT
    try:
        code = _call(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has had enough. Python would complain once
        # more when it flushes at exit.
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130
    return code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    import argparse
    from importlib import import_module

    named = arguments[0] if arguments else ""
    if named in COMMANDS:
        # Only the command that is called is imported, and only its parser is
        # built: start-up is part of the feature.
        module = import_module(f"qtopo.cli.{_MODULES.get(named, named)}")
        command = argparse.ArgumentParser(
            prog=f"qtopo {named}",
            description=module.__doc__,
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.set_defaults(call=module.call)
        if getattr(module, "INTERMIXED", False):
            return command.parse_intermixed_args(arguments[1:])
        return command.parse_args(arguments[1:])
    return _overview().parse_args(arguments)


def _overview() -> argparse.ArgumentParser:
    """The parser where no command is called: help, the version, and what to say of a typo."""
    import argparse

    from qtopo import __version__
    from qtopo.topology.suggest import did_you_mean

    class Command(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *given: object) -> NoReturn:
            hint = did_you_mean(str(given[1]), COMMANDS)
            parser.error(f"no command {given[1]!r}: {hint or 'see qtopo --help'}")

    listed = "\n".join(f"  {name:<11} {summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="qtopo",
        usage="qtopo COMMAND [options]",
        description="One TOML file for a whole Celery deployment: checked, compiled, drawn.\n\n"
        f"commands:\n{listed}\n\n`qtopo COMMAND --help` tells more of each.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"qtopo {__version__}")
    parser.add_argument("command", metavar="COMMAND", action=Command, help=argparse.SUPPRESS)
    return parser


def _call(parsed: argparse.Namespace) -> int:
    from qtopo.cli.common import Stop, complain
    from qtopo.errors import QtopoError

    try:
        code: int = parsed.call(parsed)
    except Stop as stop:
        return stop.code
    except QtopoError as error:
        complain(str(error), error.help)
        return CANNOT
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        import os

        if os.environ.get("QTOPO_DEBUG"):
            raise
        complain(
            f"internal error: {type(error).__name__}: {error}",
            "this is a fault of qtopo's: please report it, with the output of QTOPO_DEBUG=1",
        )
        return CANNOT
    return code
