"""What pyproject.toml and the command line decide about rules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from qtopo.diagnostics import Diagnostic
    from qtopo.rules.base import Rule
    from qtopo.rules.configuration import Layer
    from qtopo.source.source import Source

TABLE = ("tool", "qtopo", "lint")


class Project:
    """`[tool.qtopo.lint]` of a pyproject.toml, and what is wrong with it."""

    def __init__(self, layer: Layer, source: Source, diagnostics: list[Diagnostic]) -> None:
        self.layer = layer
        self.source = source
        self.diagnostics = diagnostics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose rules."""
    parser.add_argument(
        "--select",
        action="append",
        metavar="RULE,...",
        help="only these rules: names, codes, starts of codes (QT1), families",
    )
    parser.add_argument(
        "--ignore", action="append", metavar="RULE,...", help="all rules but these, named alike"
    )
    parser.add_argument("--no-plugins", action="store_true", help="import no rules but qtopo's own")


def from_command_line(args: argparse.Namespace) -> Layer | None:
    """Return what the options say, or None where none is given."""
    if args.select is None and args.ignore is None:
        return None
    from qtopo.rules.configuration import Layer
    from qtopo.topology.lint import Lint

    select = None if args.select is None else _words(args.select)
    return Layer(Lint(select=select, ignore=_words(args.ignore or ())), ("--",))


def _words(given: Any) -> tuple[str, ...]:
    return tuple(word.strip() for one in given for word in one.split(",") if word.strip())


def from_project() -> Project | None:
    """Return the nearest `[tool.qtopo.lint]`, here or in a folder above."""
    folder = os.getcwd()
    while True:
        path = os.path.join(folder, "pyproject.toml")
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except OSError:
            content = b""
        # Most files of this name have nothing for us: parsing them is time lost.
        project = _read(path, content) if b"qtopo" in content and b"lint" in content else None
        above = os.path.dirname(folder)
        if project is not None or above == folder:
            return project
        folder = above


def _read(path: str, content: bytes) -> Project | None:
    from qtopo.source.documents import parse
    from qtopo.topology.shape import Reader

    path = os.path.relpath(path)
    # Not ours to judge where it is no TOML: whoever uses it will say so.
    document = parse(path, content, Reader())
    table: Any = document.data
    for key in TABLE:
        table = table.get(key) if isinstance(table, dict) else None
    if table is None:
        return None
    from qtopo.diagnostics import place
    from qtopo.rules.configuration import Layer
    from qtopo.source.includes import Merged
    from qtopo.source.source import Source
    from qtopo.topology.kinds import Table
    from qtopo.topology.lint import Lint
    from qtopo.topology.model import INVALID

    reader = Reader()
    lint = Table(Lint).read(table, TABLE, reader)
    merged = Merged(document, {})
    merged.data = document.data
    found = Source(merged, None)
    layer = Layer(Lint() if lint is INVALID else lint, TABLE, os.path.dirname(path))
    return Project(layer, found, place(reader.findings, found))


def plugin_rules(args: argparse.Namespace) -> tuple[type[Rule], ...]:
    """Return the rules of plugins: those installed, and those that the files here name.

    That there is no topology, or a broken one, is no reason not to list rules.
    """
    from qtopo import source
    from qtopo.cli.common import complain, find_topology
    from qtopo.errors import UnreadableFileError
    from qtopo.rules.configuration import Layer, resolve

    project = from_project()
    layers = [] if project is None else [project.layer]
    try:
        file = find_topology(args.topology)
        lint = source.read(file).topology.lint
    except UnreadableFileError:
        if args.topology:
            raise
    else:
        if lint is not None:
            layers.append(Layer(lint, folder=os.path.dirname(file)))
    config, problems = resolve(layers)
    for findings in problems:
        for one in findings:
            if one.rule == "plugin-unusable":
                complain(one.message, one.help, kind="warning")
    return config.extra
