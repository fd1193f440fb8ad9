"""The formats a graph can be drawn in: one module, and one line here, for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.errors import UnknownNameError
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from networkx import MultiDiGraph


class Format(NamedTuple):
    """A way to draw: its name, the suffixes of its files, and its module in this package.

    The module has `draw(graph) -> str`; where the format is made for terminals,
    `draw(graph, unicode=False)` keeps to ASCII, and `color=True` colours it. A
    picture's takes `view`, `expand` and `theme` (see `qtopo.graph.picture.compose`);
    one that is `binary` returns bytes.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    terminal: bool = False
    picture: bool = False
    binary: bool = False


FORMATS = (
    Format("text", (".txt",), "text", terminal=True),
    Format("dot", (".dot", ".gv"), "dot"),
    Format("mermaid", (".mmd", ".mermaid"), "mermaid"),
    Format("json", (".json",), "json_"),
    Format("svg", (".svg",), "picture.svg", picture=True),
    Format("png", (".png",), "picture.png", picture=True, binary=True),
    Format("html", (".html", ".htm"), "page.html", picture=True),
)

WORDS = {
    word: one for one in FORMATS for word in (one.name, *(suffix[1:] for suffix in one.suffixes))
}
"""The formats by name and by suffix without its point."""

_GRAPHVIZ = ("pdf",)
"""What Graphviz makes of `dot`; asked only where no format of ours has the suffix."""


def format_of(file: str) -> Format:
    """Return the format that a file's suffix means.

    Raises UnknownNameError where it means none.
    """
    suffix = _suffix(file)
    found = WORDS.get(suffix.lower())
    if found is not None:
        return found
    if suffix.lower() in _GRAPHVIZ:
        raise UnknownNameError(
            f"cannot draw {file!r}: no format has the suffix {'.' + suffix!r}",
            f"Graphviz has: qtopo graph --format dot | dot -T{suffix.lower()} -o FILE",
        )
    known = ", ".join(suffix for one in FORMATS for suffix in one.suffixes)
    hint = did_you_mean(suffix.lower(), WORDS) if suffix else None
    what = f"no format has the suffix {'.' + suffix!r}" if suffix else "it has no suffix"
    raise UnknownNameError(
        f"cannot tell how to draw {file!r}: {what}",
        f"{f'{hint} ' if hint else ''}suffixes are {known}; or name one with --format",
    )


def draw(
    style: Format,
    graph: MultiDiGraph,
    *,
    unicode: bool = True,
    color: bool = False,
    **picture: Any,
) -> str | bytes:
    """Return the drawing of a graph: text that ends with a line break, or bytes if `binary`.

    `picture` are the keywords of pictures; other formats are not given them. Raises
    QtopoError where a format needs a package that is not installed.
    """
    from importlib import import_module

    module = import_module(f"qtopo.graph.{style.module}")
    options: dict[str, Any] = picture if style.picture else {}
    if style.terminal:
        options = {"unicode": unicode, "color": color}
    drawing: str | bytes = module.draw(graph, **options)
    return drawing


def _suffix(file: str) -> str:
    """Return the suffix without its point; `.dot` is a file of that name and has one too."""
    name = file.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""
