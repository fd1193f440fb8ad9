"""Several files as one: `include`, merged by name, nothing declared twice."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtopo.errors import UnreadableFileError
from qtopo.source.documents import Document, parse, read_file
from qtopo.topology.finding import At
from qtopo.topology.model import type_name
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader

MAIN_ONLY = ("app", "broker", "results", "defaults", "lint", "environments")
"""The tables that belong to the main file."""

_NOTHING: Mapping[str, bytes] = MappingProxyType({})

_LISTS = ("routes", "tests")
"""The lists that included files make longer."""

_NESTED = {"beat": ("schedule",)}
"""Tables merged key by key, with the tables in them that are merged by name."""


class Merged:
    """The files of one topology as one table, with where each part came from.

    `documents[0]` is the main file. `homes[path]` is the document of the merged
    path (the longest prefix that is listed counts); `items["routes"][i]` is the
    document and the index there of the i-th route. `contents` holds the bytes of files
    that are to be taken for others than they have.
    """

    def __init__(self, main: Document, contents: Mapping[str, bytes] = _NOTHING) -> None:
        self.documents = [main]
        self.contents = contents
        self.data: dict[str, Any] = {}
        self.homes: dict[Path, Document] = {}
        self.items: dict[str, list[tuple[Document, int]]] = {key: [] for key in _LISTS}

    def home(self, path: Path) -> tuple[Document, Path]:
        """Return the document of a merged path, and the path in it."""
        if len(path) > 1 and path[0] in _LISTS and isinstance(path[1], int):
            items = self.items[str(path[0])]
            if path[1] < len(items):
                document, index = items[path[1]]
                return document, (path[0], index, *path[2:])
            return self.documents[0], path
        for length in range(min(len(path), 3), 0, -1):
            home = self.homes.get(path[:length])
            if home is not None:
                return home, path
        return self.documents[0], path


def read(file: str, reader: Reader, contents: Mapping[str, bytes] = _NOTHING) -> Merged:
    """Read a file and all that it includes; `contents` stand for what is in the files.

    Raises UnreadableFileError where the main file cannot be read; everything
    else is reported.
    """
    main = parse(file, _content(file, contents), reader)
    merged = Merged(main, contents)
    seen = {os.path.realpath(file): file}
    _add(merged, main, reader, seen, (os.path.realpath(file),))
    return merged


def _content(file: str, contents: Mapping[str, bytes]) -> bytes:
    """Return what is to be taken for the content of a file, which may be nothing at all."""
    return contents[file] if file in contents else read_file(file)


def _add(
    merged: Merged, document: Document, reader: Reader, seen: dict[str, str], chain: tuple[str, ...]
) -> None:
    """Merge a document, then what it includes, in the order it is listed."""
    for key, value in document.data.items():
        if key == "include":
            continue
        if key in MAIN_ONLY and document is not merged.documents[0]:
            reader.add(
                "misplaced-table",
                (key,),
                f"[{key}] belongs to the main file, {merged.documents[0].file}",
                part="table",
                file=document.file,
            )
        elif key in _LISTS and type(value) is list:
            items = merged.data.setdefault(key, [])
            if type(items) is list:
                items.extend(value)
                merged.items[key].extend((document, index) for index in range(len(value)))
        elif type(value) is dict and (key in Topology.SECTIONS or key in ("settings", *_NESTED)):
            _merge(merged, document, (key,), value, merged.data.setdefault(key, {}), reader)
        elif key in merged.data:
            _twice(merged, document, (key,), reader)
        else:
            merged.data[key] = value
            merged.homes[(key,)] = document
    for index, pattern in enumerate(_patterns(document, reader)):
        if pattern is not None:
            _include(merged, document, index, pattern, reader, seen, chain)


def _merge(
    merged: Merged, document: Document, path: Path, table: dict[str, Any], into: Any, reader: Reader
) -> None:
    if type(into) is not dict:
        _twice(merged, document, path, reader)
        return
    merged.homes.setdefault(path, document)
    for name, value in table.items():
        if name in _NESTED.get(str(path[0]), ()) and len(path) == 1 and type(value) is dict:
            _merge(merged, document, (*path, name), value, into.setdefault(name, {}), reader)
        elif name in into:
            _twice(merged, document, (*path, name), reader)
        else:
            into[name] = value
            merged.homes[(*path, name)] = document


def _twice(merged: Merged, document: Document, path: Path, reader: Reader) -> None:
    first, _ = merged.home(path)
    what = path[0] if len(path) == 1 else f"{_singular(str(path[-2]))} {path[-1]!r}"
    reader.add(
        "duplicate-name",
        path,
        f"{what} is declared in {document.file} and in {first.file}",
        help="rename one of them, or remove it",
        part="table",
        file=document.file,
        related=(("first declared here", At(path, "table", first.file)),),
    )


def _singular(section: str) -> str:
    return {"settings": "setting", "beat": "key", "schedule": "schedule entry"}.get(
        section, section.removesuffix("s")
    )


def _patterns(document: Document, reader: Reader) -> list[str | None]:
    patterns = document.data.get("include", [])
    if type(patterns) is not list:
        reader.add(
            "wrong-type",
            ("include",),
            f"include takes a list of file patterns, not {type_name(patterns)}",
            file=document.file,
        )
        return []
    checked: list[str | None] = []
    for index, pattern in enumerate(patterns):
        if type(pattern) is not str:
            reader.add(
                "wrong-type",
                ("include", index),
                f"include[{index}] takes a string, not {type_name(pattern)}",
                file=document.file,
            )
        elif not pattern or "\0" in pattern:
            reader.add(
                "invalid-value",
                ("include", index),
                f"include[{index}] cannot be {pattern!r}",
                file=document.file,
            )
        else:
            checked.append(pattern)
            continue
        checked.append(None)
    return checked


def _include(
    merged: Merged,
    document: Document,
    index: int,
    pattern: str,
    reader: Reader,
    seen: dict[str, str],
    chain: tuple[str, ...],
) -> None:
    path = os.path.join(os.path.dirname(document.file), pattern)
    files = [os.path.normpath(path)]
    if any(character in pattern for character in "*?["):
        import glob

        files = sorted(os.path.normpath(found) for found in glob.glob(path, recursive=True))
        if not files:
            reader.add(
                "include-without-match",
                ("include", index),
                f"no file matches {pattern!r}",
                file=document.file,
            )
    for file in files:
        real = os.path.realpath(file)
        if real in chain:
            reader.add(
                "include-cycle",
                ("include", index),
                f"{document.file} includes {file}, which includes it in turn"
                if len(chain) > 1
                else f"{document.file} includes itself",
                file=document.file,
            )
            continue
        if real in seen:
            continue
        seen[real] = file
        try:
            content = _content(file, merged.contents)
        except UnreadableFileError as error:
            reader.add("include-missing", ("include", index), str(error), file=document.file)
            continue
        included = parse(file, content, reader)
        merged.documents.append(included)
        _add(merged, included, reader, seen, (*chain, real))
