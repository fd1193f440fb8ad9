"""The kinds of source: a name of the command line to the module that reads it.

Each module has `read(named, options) -> Draft`; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qtopo.importers.draft import Draft


class Options(NamedTuple):
    """What the command line says besides the sources.

    `namespace` is the `namespace=` of `config_from_object` (`CELERY`); None: it is
    found out. `vhost` is the one of RabbitMQ's to read, `key_prefix` the prefix of the keys
    in Redis (`global_keyprefix`); None: the only one there.
    """

    namespace: str | None = None
    vhost: str | None = None
    key_prefix: str | None = None


class Kind(NamedTuple):
    """One kind of source: its module, what follows its name, and whether several may."""

    module: str
    metavar: str
    summary: str
    several: bool = False


SOURCES = {
    "app": Kind("app", "MODULE:ATTR", "a Celery application, imported (its code runs)"),
    "settings": Kind(
        "settings", "FILE|MODULE", "settings: a file is read and not run, a module is imported"
    ),
    "commands": Kind(
        "commands", "FILE...", "commands in Procfile, compose, Kubernetes, systemd...: read", True
    ),
    "definitions": Kind(
        "definitions", "FILE.json", "RabbitMQ's export: rabbitmqctl export_definitions"
    ),
    "broker": Kind("broker", "URL|env:NAME", "RabbitMQ or Redis as it is now; nothing is changed"),
}
"""Each kind is the module of its name in this package."""


def read(kind: str, named: tuple[str, ...], options: Options | None = None) -> Draft:
    """Read one source: its kind, and what was named (one, or several where its kind allows)."""
    from importlib import import_module

    module = import_module(f"qtopo.importers.{SOURCES[kind].module}")
    draft: Draft = module.read(named, options or Options())
    return draft
