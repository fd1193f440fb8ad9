"""Topology to graph, and graph to pictures.

The package can be called: `qtopo.graph(topology)` is `qtopo.graph.build.graph`.
Importing a part of the package puts the package itself under the name `graph`
of `qtopo`, so the public function of that name has to be the package.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from qtopo.topology.topology import Topology


class _Callable(ModuleType):
    def __call__(self, topology: Topology) -> MultiDiGraph:
        """Return the graph of a topology; see `qtopo.graph.build.graph`."""
        from qtopo.graph.build import graph

        return graph(topology)


sys.modules[__name__].__class__ = _Callable
