"""One TOML file for a whole Celery deployment.

    import qtopo

    topology = qtopo.load("topology.toml")
    qtopo.check(topology)                     # -> list of Diagnostic
    app.conf.update(qtopo.celery_settings(topology))
    qtopo.route(topology, "shop.emails.send").queue

Everything is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtopo.api import check, load, worker_processes
    from qtopo.changes.compare import diff
    from qtopo.compiler.live import celery_settings
    from qtopo.diagnostics import Diagnostic
    from qtopo.errors import QtopoError, TopologyError
    from qtopo.graph.build import graph
    from qtopo.routing.route import route
    from qtopo.source.writer import dump
    from qtopo.topology.topology import Topology

__version__ = "0.1.0"

_WHERE = {
    "Diagnostic": "qtopo.diagnostics",
    "QtopoError": "qtopo.errors",
    "Topology": "qtopo.topology.topology",
    "TopologyError": "qtopo.errors",
    "celery_settings": "qtopo.compiler.live",
    "check": "qtopo.api",
    "diff": "qtopo.changes.compare",
    "dump": "qtopo.source.writer",
    "load": "qtopo.api",
    "route": "qtopo.routing.route",
    "worker_processes": "qtopo.api",
}

__all__ = [
    "Diagnostic",
    "QtopoError",
    "Topology",
    "TopologyError",
    "__version__",
    "celery_settings",
    "check",
    "diff",
    "dump",
    "graph",
    "load",
    "route",
    "worker_processes",
]


def __getattr__(name: str) -> Any:
    """Import a name of the API when it is first asked for."""
    from importlib import import_module

    if name == "graph":
        # The package of that name; it can be called (see there).
        return import_module("qtopo.graph")
    if name not in _WHERE:
        raise AttributeError(f"module 'qtopo' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
