"""Write a commented topology to start from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from qtopo.cli.common import add_topology_arguments, answer, say, write_file
from qtopo.cli.main import NO, OK
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  qtopo init
  qtopo init deploy/topology.toml --transport redis --app shop.celery:app
"""

_STARTER = """\
# The topology of a Celery deployment: what exists, what goes where, who works.
#
#   qtopo check                     find what is wrong with it
#   qtopo emit celeryconfig.py      write Celery's configuration
#   qtopo workers --print-commands  print the command of every worker

[app]
celery = {app}  # what follows `celery -A`

[broker]
transport = {transport}  # rabbitmq, redis, sqs, ... (kombu's transports)
url = "env:CELERY_BROKER_URL"  # the variable that holds the URL: no secret stands here

# [results]                           # without it, no result is kept
# url = "env:CELERY_RESULT_BACKEND"

[defaults]
queue = "default"  # where tasks go that nothing else routes

# Each queue has a direct exchange and a routing key of its own, both with its
# name, unless it says otherwise.
[queues.default]

[queues.emails]
description = "short tasks that wait on the mail server"

[queues.reports]
description = "long tasks that keep a core busy"

# An exact name beats any pattern, else the first pattern that matches wins.
[[routes]]
task = "*.emails.*"
queue = "emails"

[[routes]]
task = "*.reports.*"
queue = "reports"

# One table per kind of worker: `celery worker`, started once per replica.
[workers.default]
queues = ["default"]
concurrency = 4

[workers.emails]
queues = ["emails"]
concurrency = 4

# Long tasks have workers of their own, so that they never hold up short ones.
[workers.reports]
queues = ["reports"]
concurrency = 2
prefetch_multiplier = 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from qtopo.topology.transports import TRANSPORTS

    add_topology_arguments(parser)
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="what to write (default: topology.toml; - is stdout)",
    )
    parser.add_argument(
        "--app", default="app.celery:app", metavar="MODULE:ATTR", help="what follows `celery -A`"
    )
    parser.add_argument(
        "--transport",
        choices=sorted(TRANSPORTS),
        default="rabbitmq",
        metavar="NAME",
        help="the kind of broker",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def call(args: argparse.Namespace) -> int:
    """Write the file; returns the exit code."""
    text = _STARTER.format(app=_toml(args.app), transport=_toml(args.transport))
    file = args.file or args.topology or "topology.toml"
    if file == "-":
        answer(text)
        return OK
    if os.path.lexists(file) and not args.force:
        say(f"qtopo: {file} is there already\n  help: --force writes over it")
        return NO
    write_file(file, text.encode())
    say(f"wrote {file}\n  next: qtopo check {file}")
    return OK


def _toml(text: str) -> str:
    """Return a string of TOML."""
    import tomli_w

    if not text.isprintable():
        raise QtopoError(f"cannot write {text!r} into the file: it holds a control character")
    return tomli_w.dumps({"x": text})[4:].rstrip("\n")
