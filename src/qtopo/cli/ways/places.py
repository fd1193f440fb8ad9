"""Places of key paths, asked for one by one and found together: a file is scanned once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.topology.finding import Path, Place
    from qtopo.topology.topology import Topology


class Places:
    """The places of some key paths: `file:line`, or nothing where there is no text."""

    def __init__(self, topology: Topology, paths: Iterable[Path]) -> None:
        wanted = list(dict.fromkeys(path for path in paths if path))
        found = [] if topology.source is None else topology.source.locate([At(p) for p in wanted])
        self._places: dict[Path, Place] = dict(zip(wanted, found, strict=False))

    def get(self, path: Path | None) -> Place | None:
        """Return a place; None for a path that was not asked for."""
        return None if path is None else self._places.get(path)

    def text(self, path: Path | None) -> str:
        """Return `file:line`, or nothing."""
        place = self.get(path)
        return "" if place is None or place.start is None else f"{place.file}:{place.start.line}"

    def as_json(self, path: Path | None) -> dict[str, object]:
        """Return `file` and `line`; both None where the path has no place."""
        place = self.get(path)
        start = None if place is None else place.start
        return {"file": place and place.file, "line": start and start.line}
