"""A topology as TOML: what `source` reads back to an equal value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology


def dump(topology: Topology) -> str:
    """Return the topology as TOML 1.0, tables in the order of the documentation."""
    import tomli_w

    return tomli_w.dumps(topology.write())
