"""Writes docs/format.md, every table and key of the file, from the model itself.

`python scripts/generate.py` calls it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtopo.topology.kinds import INT64, Flag, Items, Named, Number, OneOf, Quantity, Table, Text
from qtopo.topology.raw import Raw
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.model import Kind, Model

TARGET = Path(__file__).parent.parent / "docs/format.md"

_HEAD = """\
# The file

Every table and every key. Names are table keys. A duration is a number with a unit
(`"250ms"`, `"40s"`, `"10m"`, `"2h"`, `"1d"`), so is a size (`"400MB"` is 10^6 bytes
each, `"400MiB"` 2^20); a rate is written as Celery writes it (`"20/s"`, `"5/m"`,
`"1000/h"`). An unknown key is an error. `qtopo schema` prints the same as a JSON
Schema for editors, `qtopo init` a commented file to start from.

This page is written by `scripts/generate.py` from the code that reads the file.

"""

_ROOT = "the file"

_TITLES = {
    "Topology": "Top level",
    "Regex": "`task = { regex = ... }` of a route",
    "Canvas": "A step of a workflow",
    "Chord": "`chord = { ... }` of a workflow",
}
"""Titles of tables that no header of the file introduces."""


class _Tables:
    """The tables of the file, each with where it stands, in the order they are met."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[type[Model], str]] = {}
        self._visit(Topology, _ROOT)

    def _visit(self, model: type[Model], header: str) -> None:
        if model.__name__ in self.found:
            return
        self.found[model.__name__] = (model, header)
        for key, kind in model.kinds().items():
            for table, suffix in _inside(kind):
                if table.__name__ not in self.found:
                    self._visit(table, _header(header, key, suffix))


def _inside(kind: Kind, suffix: str = "") -> Iterator[tuple[type[Model], str]]:
    """Yield the tables that a kind holds; the suffix says how they are written."""
    if isinstance(kind, Table):
        yield kind.model, suffix
    elif isinstance(kind, Named):
        yield from _inside(kind.item, ".NAME")
    elif isinstance(kind, Items):
        yield from _inside(kind.item, "[]")
    elif isinstance(kind, OneOf):
        for one in kind.kinds.values():
            yield from _inside(one, suffix)


def _header(outer: str, key: str, suffix: str) -> str:
    """Return a table's header as the file has it: `[queues.NAME.dead_letter]`, `[[routes]]`."""
    path = key if outer == _ROOT else f"{outer.strip('[]')}.{key}"
    return f"[[{path}]]" if suffix == "[]" else f"[{path}{suffix}]"


def render() -> str:
    """Return the page."""
    tables = _Tables().found
    parts = [_HEAD]
    for model, header in tables.values():
        level = "##" if header.count(".") - header.count(".NAME") == 0 else "###"
        title = _TITLES.get(model.__name__, f"`{header}`")
        # The anchor is the class's name, which stays when a title changes.
        parts.append(f'<a id="{model.__name__.lower()}"></a>\n{level} {title}\n\n')
        parts.append(_prose(model) + "\n\n")
        parts.append("| key | takes | default | |\n|---|---|---|---|\n")
        for key, kind in model.kinds().items():
            declared = model.KEYS[key]
            cells = (f"`{key}`", _takes(kind), _default(declared, kind), declared.doc)
            parts.append("| " + " | ".join(one.replace("|", "\\|") for one in cells) + " |\n")
        parts.append(_exclusions(model) + "\n")
    return "".join(parts).rstrip("\n") + "\n"


def _prose(model: type[Model]) -> str:
    from inspect import cleandoc

    if model is Topology:
        return "What a file holds. Each table is described below."
    return cleandoc(model.__doc__ or "")


def _exclusions(model: type[Model]) -> str:
    lines = []
    if model.ONE_OF:
        choice = ", ".join(f"`{key}`" for key in model.ONE_OF)
        lines.append(f"Exactly one of {choice} is given.")
    for key, others in model.EXCLUSIVE:
        listed = ", ".join(f"`{other}`" for other in others)
        lines.append(f"`{key}` excludes {listed}.")
    return "\n" + "\n".join(f"{line}  " for line in lines).rstrip() + "\n" if lines else ""


def _takes(kind: Kind) -> str:
    """Return in words what a key takes."""
    if isinstance(kind, Table):
        link = f"[table](#{kind.model.__name__.lower()})"
        if kind.shorthand is None:
            return link
        return f"{_takes(kind.model.kinds()[kind.shorthand])}, or {link}"
    if isinstance(kind, Named):
        tables = list(_inside(kind.item))
        if tables:
            return f"[tables](#{tables[0][0].__name__.lower()}) by name"
        return f"a table of {'tables' if isinstance(kind.item, Raw) else 'strings'} by name"
    if isinstance(kind, Items):
        tables = list(_inside(kind.item))
        if tables and not isinstance(kind.item, OneOf):
            return f"list of [tables](#{tables[0][0].__name__.lower()})"
        return _plain(kind.what).replace("steps", "[steps](#canvas)")
    return _scalar(kind)


def _scalar(kind: Kind) -> str:
    if isinstance(kind, Flag):
        return "`true` or `false`"
    if isinstance(kind, Number):
        what = "number" if kind.fraction else "whole number"
        if kind.most < INT64 - 1:
            return f"{what}, {kind.least:g} to {kind.most:,.0f}"
        return what if kind.least == 0 else f"{what} from {kind.least:g}"
    if isinstance(kind, Quantity):
        return f'{_plain(kind.what)}, such as `"{kind.examples[0]}"`'
    if isinstance(kind, Text):
        if kind.options:
            return ", ".join(f'`"{option}"`' for option in kind.options)
        return _plain(kind.what)
    if isinstance(kind, OneOf):
        words = _plain(kind.what)
        return words.replace("table with chain", "[table](#canvas) with chain")
    if isinstance(kind, Raw):
        return "list" if kind.only is list else "table" if kind.only is dict else "anything"
    raise TypeError(f"no words for {type(kind).__name__}: say them here")


def _plain(what: str) -> str:
    """Return a kind's own words without their article, code in backticks."""
    words = what.removeprefix("a ").removeprefix("an ")
    return words.replace('{ regex = "..." }', '`{ regex = "..." }`').replace(
        '"env:NAME"', '`"env:NAME"`'
    )


def _default(declared: Any, kind: Kind) -> str:
    if declared.required:
        return "required"
    if declared.default is None or isinstance(kind, (Table, Named, Items, Raw)):
        return ""
    written = kind.write(declared.default)
    if isinstance(written, bool):
        return f"`{str(written).lower()}`"
    return f'`"{written}"`' if isinstance(written, str) else f"`{written}`"
