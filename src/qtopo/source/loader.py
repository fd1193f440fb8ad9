"""From a file to a topology, with everything that is wrong with its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.errors import UnknownNameError
from qtopo.source import environments, includes
from qtopo.source.source import Source
from qtopo.topology.finding import ERROR
from qtopo.topology.shape import Reader
from qtopo.topology.suggest import did_you_mean
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Finding


class Loaded:
    """What was read: the topology, as far as it could be, and the findings of its shape.

    `broken` says that the topology is not what the file means, since a finding
    is an error.
    """

    def __init__(self, source: Source, topology: Topology, findings: list[Finding]) -> None:
        self.source = source
        self.topology = topology
        self.findings = findings

    @property
    def broken(self) -> bool:
        """Whether the topology is only what could be read."""
        return any(finding.severity == ERROR for finding in self.findings)

    @property
    def environments(self) -> list[str]:
        """The names of the overlays."""
        return environments.names(self.source.merged.data)

    def overlay(self, name: str) -> Loaded:
        """Return the same file with an overlay merged in.

        Raises UnknownNameError where the file has no such overlay.
        """
        known = self.environments
        if name not in known:
            help = did_you_mean(name, known) or (
                f"it has {', '.join(known)}" if known else "it has none"
            )
            raise UnknownNameError(f"{self.source.file} has no environment {name!r}", help)
        reader = Reader()
        data = self.source.merged.data
        typos = environments.near_misses(data, name, reader)
        source = Source(self.source.merged, name)
        topology, findings = Topology.from_data(
            environments.overlay(data, name, typos), source=source, environment=name
        )
        whole = [one for one in self.findings if one.at.file is not None]
        return Loaded(source, topology, whole + reader.findings + findings)


def read(
    file: str, environment: str | None = None, contents: Mapping[str, bytes] | None = None
) -> Loaded:
    """Read a topology and what it includes, with an overlay where one is named.

    `contents` are taken for what stands in the files they are named after.
    Raises UnreadableFileError or UnknownNameError; everything else is a finding.
    """
    reader = Reader()
    merged = includes.read(file, reader, contents or {})
    source = Source(merged, None)
    topology, findings = Topology.from_data(merged.data, source=source)
    loaded = Loaded(source, topology, reader.findings + findings)
    return loaded if environment is None else loaded.overlay(environment)
