"""Where the parts of a topology stand in its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.finding import Place, Position

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.source.documents import Document
    from qtopo.source.includes import Merged
    from qtopo.source.positions import Lines, Spans
    from qtopo.topology.finding import At, Fix, Path

_TOP = Position(1, 1)


class Source:
    """The files of a topology; finds the place of a key path.

    `environment` is the overlay that was merged in: what it holds stands in it.
    """

    def __init__(self, merged: Merged, environment: str | None) -> None:
        self.merged = merged
        self.environment = environment

    @property
    def file(self) -> str:
        """The main file, as given."""
        return self.merged.documents[0].file

    @property
    def files(self) -> tuple[str, ...]:
        """All files, the main one first, as given or relative to it."""
        return tuple(document.file for document in self.merged.documents)

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each file."""
        return {document.file: document.text for document in self.merged.documents}

    def locate(self, spots: Sequence[At]) -> list[Place]:
        """Return the place of each spot; each file is scanned once, for the wanted paths only."""
        homes = [self._home(spot) for spot in spots]
        wanted: dict[str, set[Path]] = {}
        for spot, (document, path, _) in zip(spots, homes, strict=True):
            if spot.span is None:
                paths = wanted.setdefault(document.file, set())
                paths.update(path[:length] for length in range(len(path) + 1))
        views = {
            document.file: _View(document, wanted.get(document.file))
            for document in {id(home[0]): home[0] for home in homes}.values()
        }
        return [
            views[document.file].place(spot, path, named)
            for spot, (document, path, named) in zip(spots, homes, strict=True)
        ]

    def resolve(self, fix: Fix) -> Fix | None:
        """Return a fix with the paths and names of the files it changes.

        None where an overlay was merged in and the fix would change the base,
        which other environments share.
        """
        edits = []
        for edit in fix.edits:
            document, path, _ = self._home(edit.at)
            if self.environment is not None and path[:2] != ("environments", self.environment):
                return None
            edits.append(edit._replace(at=edit.at._replace(path=path, file=document.file)))
        return fix._replace(edits=tuple(edits))

    def _home(self, spot: At) -> tuple[Document, Path, Path]:
        """Return the document, the path in it, and the path to name it by."""
        if spot.file is not None:
            for document in self.merged.documents:
                if document.file == spot.file:
                    return document, spot.path, spot.path
        document, local = self.merged.home(spot.path)
        if self.environment is not None and spot.path[:1] != ("environments",):
            overlaid = ("environments", self.environment, *spot.path)
            main = self.merged.documents[0]
            inside = _depth(main.data, overlaid) - 2
            if inside > 0 and (inside == len(spot.path) or inside > _depth(document.data, local)):
                return main, overlaid, overlaid
        return document, local, spot.path


class _View:
    """One file's positions, scanned when the first path is asked for."""

    def __init__(self, document: Document, wanted: set[Path] | None) -> None:
        from qtopo.source.positions import Lines, index

        self.document = document
        self.lines: Lines = Lines(document.text)
        self.spans: dict[Path, Spans] = (
            index(document.text, wanted) if wanted and document.data else {}
        )

    def place(self, spot: At, path: Path, named: Path) -> Place:
        if not self.document.text:
            return Place(self.document.file, named, None, None)
        start, end = spot.span or self._span(path, spot.part)
        if end <= start and spot.span is None:
            return Place(self.document.file, named, _TOP, _TOP)
        return Place(
            self.document.file, named, self.lines.position(start), self.lines.position(end)
        )

    def _span(self, path: Path, part: str) -> tuple[int, int]:
        for length in range(len(path), 0, -1):
            spans = self.spans.get(path[:length])
            if spans is None:
                continue
            # Past the path itself it is a missing key: the table that lacks it.
            # A shorthand is the value of the key it stands for.
            short = length < len(path) and _is_plain(self.document.data, path[:length])
            if (length < len(path) and not short) or part == "table":
                found = spans.header or spans.key or spans.value
            elif part == "key":
                found = spans.key or spans.value
            else:
                found = spans.header or spans.value or spans.key
            if found is not None:
                return found
        return (0, 0)


def _is_plain(data: Any, path: Path) -> bool:
    """Whether a path that exists holds neither a table nor a list."""
    for part in path:
        data = data[part]
    return type(data) not in (dict, list)


def _depth(data: Any, path: Path) -> int:
    """Return how many parts of a path exist."""
    for length, part in enumerate(path):
        if isinstance(part, int):
            if type(data) is not list or part >= len(data):
                return length
        elif type(data) is not dict or part not in data:
            return length
        data = data[part]
    return len(path)
