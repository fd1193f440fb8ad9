"""List the worker processes, print the commands that start them, or run them all."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from qtopo import api
from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    answer_json,
    complain,
    load_and_warn,
    say,
    use_color,
    use_unicode,
)
from qtopo.cli.main import OK
from qtopo.cli.selecting import add_select_arguments, is_selecting, selected_names
from qtopo.errors import QtopoError, UnknownNameError
from qtopo.source import read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from qtopo.compiler.processes import Process
    from qtopo.source import Loaded
    from qtopo.topology.topology import Topology

EPILOG = """\
examples:
  qtopo workers
  qtopo workers --print-commands
  qtopo workers --only emails --format json
  qtopo workers --select shop.emails.receipt+ --print-commands
  qtopo workers --run
  qtopo workers --run --only emails --only beat --replicas 1 --watch src

--run keeps them in the foreground. Ctrl-C stops beat and then the workers, which
finish their tasks; a second one makes them give their tasks up; a third one
kills. When a process fails, the others are stopped, and its status is ours.
--watch restarts them in the same gentle way; a topology that does not check clean
is not applied, and a process that fails waits for the next change.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "--only",
        "--worker",
        dest="worker",
        action="append",
        default=[],
        metavar="NAME",
        help="this one alone (repeatable); `beat` is beat",
    )
    parser.add_argument(
        "--replicas",
        action="append",
        default=[],
        metavar="[NAME=]N",
        help="N replicas of a worker in place of the file's, or of each that is not switched off",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--print-commands", action="store_true", help="one shell command per process")
    mode.add_argument("--run", action="store_true", help="run them all in the foreground")
    mode.add_argument(
        "--format", choices=("table", "json"), default="table", help="how they are listed"
    )
    parser.add_argument(
        "--watch",
        action="append",
        nargs="?",
        const=".",
        default=[],
        metavar="PATH",
        help="with --run: restart when Python files below PATH (default: here) or the topology "
        "are saved; needs qtopo[watch]",
    )
    add_color_argument(parser)
    add_select_arguments(parser)


def call(args: argparse.Namespace) -> int:
    """List, print or run; returns the exit code."""
    if args.worker and is_selecting(args):
        raise QtopoError("--only and --select do not go together", "--select worker:NAME")
    if args.watch and not args.run:
        raise QtopoError("--watch restarts what --run has started", "add --run")
    loaded = load_and_warn(args)
    if args.run:
        return _run(args, loaded)
    topology = loaded.topology
    chosen = _chosen(loaded, args)
    if args.print_commands:
        _print_commands(chosen)
    elif args.format == "json":
        answer_json({"format_version": 1, "workers": [one.as_json() for one in chosen]})
    elif not chosen:
        answer("no workers and no beat are declared")
    else:
        answer(_table(topology, chosen, args.color))
    return OK


def choose(processes: list[Process], names: Sequence[str]) -> list[Process]:
    """Return the processes of those names, in the order of the file; all where none is named.

    Raises UnknownNameError. A worker that is called "beat" comes with beat.
    """
    known = [one.name for one in processes]
    for name in names:
        if name not in known:
            from qtopo.topology.suggest import did_you_mean

            listed = f"it has {', '.join(known)}" if known else "it declares none"
            raise UnknownNameError(
                f"no worker {name!r} in this topology", did_you_mean(name, known) or listed
            )
    return [one for one in processes if not names or one.name in names]


def resized(processes: list[Process], sizes: Sequence[str]) -> list[Process]:
    """Return the processes with the replicas of the command line: `N` or `NAME=N`, the last counts.

    A bare number is for workers that are not switched off: whoever wants those
    says their names. Raises QtopoError, and UnknownNameError.
    """
    everywhere: int | None = None
    own: dict[str, int] = {}
    for size in sizes:
        name, equals, number = size.rpartition("=")
        if not (number.isascii() and number.isdecimal() and len(number) < 5):
            raise QtopoError(f"--replicas cannot be {size!r}", "write 2, or emails=2")
        if not equals:
            everywhere = int(number)
            continue
        (one, *_) = choose(processes, [name])
        if one.kind == "beat" and int(number) > 1:
            raise QtopoError("beat is one process: two would send everything twice")
        own[name] = int(number)

    def size_of(one: Process) -> int:
        if one.name in own:
            return own[one.name]
        if everywhere is None or one.kind == "beat" or one.replicas == 0:
            return one.replicas
        return everywhere

    return [one._replace(replicas=size_of(one)) for one in processes]


def among(processes: list[Process], selected: Iterable[tuple[str, str]]) -> list[Process]:
    """Return the processes of the selected nodes; beat, where one of its entries is selected."""
    beat = any(kind == "beat" for kind, _ in selected)
    names = {name for kind, name in selected if kind == "worker"}
    return [one for one in processes if (beat if one.kind == "beat" else one.name in names)]


def _chosen(loaded: Loaded, args: argparse.Namespace) -> list[Process]:
    """Return what the command line asks for, of a topology."""
    chosen = choose(resized(api.worker_processes(loaded.topology), args.replicas), args.worker)
    selected = selected_names(loaded, args, "worker", "beat")
    return chosen if selected is None else among(chosen, selected)


def _print_commands(chosen: Iterable[Process]) -> None:
    lines = [command.line for one in chosen for command in one.commands()]
    for one in chosen:
        if not one.commands():
            say(f"qtopo: {one.name!r} is switched off (replicas = 0)")
    if not lines:
        say("qtopo: there is no process to start")
        return
    text = "\n".join(lines)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # An escape would be another name, without anybody noticing.
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    answer(text)


def _run(args: argparse.Namespace, loaded: Loaded) -> int:
    if os.name != "posix":
        raise QtopoError(
            "--run needs a POSIX system: Celery's shutdown hangs on signals that this one lacks",
            "start the lines of `qtopo workers --print-commands` by your own means",
        )
    from qtopo.cli.run.launches import Replanning
    from qtopo.cli.run.runner import Runner, Streams

    file = loaded.source.file
    plan = Replanning(loaded, lambda: read(file, args.env), lambda found: _chosen(found, args))
    watch = None
    if args.watch:
        from qtopo.cli.run.watch import Watch

        watch = Watch(args.watch, plan.files)
    if loaded.topology.app.celery is None:
        complain(
            "no app is named, so Celery starts its own default app",
            'write celery = "your.module:app" under [app]',
            kind="warning",
        )
    sys.stdout.flush()
    gc.enable()  # off for short commands (`cli.main.run`); this one may run for days
    streams = Streams(sys.stdout.fileno(), sys.stderr.fileno(), use_color(sys.stdout, args.color))
    return Runner(plan.launches, streams, watch=watch, replan=plan).run()


def _table(topology: Topology, chosen: Sequence[Process], color: str) -> str:
    from qtopo.cli.fit import Table

    table = Table(("NAME", "QUEUES", "POOL", "CONCURRENCY", "REPLICAS", "MACHINE"))
    for one in chosen:
        off = one.replicas == 0 and one.scale is None
        table.add(
            (
                one.name,
                ", ".join(one.queues) or _beat_queues(topology),
                one.pool or "-",
                _concurrency(topology, one),
                "off" if off else _replicas(one),
                one.machine or "-",
            ),
            faint=off,
        )
    text = table.render(
        width=_width(), color=use_color(sys.stdout, color), unicode=use_unicode(sys.stdout)
    )
    count = sum(len(one.commands()) for one in chosen)
    return f"{text}\n\n{count} process{'' if count == 1 else 'es'} to start"


def _replicas(process: Process) -> str:
    """Return how many processes there are, and between which bounds an autoscaler may go."""
    bounds = process.scale
    return f"{process.replicas}" + (f" ({bounds.min}-{bounds.max})" if bounds else "")


def _beat_queues(topology: Topology) -> str:
    entries = len(topology.beat.schedule) if topology.beat else 0
    return f"({entries} scheduled)"


def _concurrency(topology: Topology, process: Process) -> str:
    if process.kind == "beat":
        return "-"
    worker = topology.workers[process.name]
    if worker.autoscale is not None and worker.pool != "solo":
        return f"{worker.autoscale.min}-{worker.autoscale.max}"
    return "1 per core" if worker.capacity is None else str(worker.capacity)


def _width() -> int | None:
    """Return how many columns there are; None where nobody is looking."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return int(os.environ["COLUMNS"]) or None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None
