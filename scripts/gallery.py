"""Writes docs/gallery: every example topology, drawn in every format that is text."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "gallery"
BY_DOT = FOLDER / "shop-by-dot.svg"
"""What Graphviz draws of the shop, committed as it came: not everyone has Graphviz."""

EXAMPLES = ("shop", "simple", "media", "tenants", "redis-priorities", "django")
SUFFIXES = ("svg", "mmd", "txt", "dot", "json", "html")
VIEWS = {"shop": ("machines",), "media": ("machines",), "django": ("resources",)}
"""What else is shown of an example; its views that would be empty are not."""

_LONGEST = 200
"""A text of more lines is only linked."""
_SEEN = {
    "machines": "Which machines its workers run on",
    "resources": "What its tasks share, and who runs them",
}
_HEAD = """\
# Gallery

Every example of [topologies/](../../topologies/) as `qtopo graph` draws it, without Graphviz
or any other program: `qtopo graph -t shop.toml -o shop.svg`. The pictures follow the
reader's choice of dark or light. This folder is written by `scripts/generate.py`; PNG
(`-o shop.png`) is left out, as its bytes depend on the fonts of the machine.

"""
_BESIDE = """\
## Beside Graphviz

The same graph, drawn by `dot` (Graphviz 2.43.0) from what `qtopo graph -o shop.dot` writes:

![the shop as dot draws it](shop-by-dot.svg)

What differs: in the picture above everything stands in rows, a queue's own exchange is inside
the queue, keys have room of their own beside the boxes, lines of dead letters stay between
the lanes, and the checkout is drawn as the chord it is; there is a legend, and a dark theme.
On random topologies of 15 to 1,500 nodes its lines cross less often than those of `dot` on
the same lanes, taken together (`tests/property/test_pictures.py` also bounds each single
one), and it takes little more than a third of the time at 150 and at 1,500 nodes
(`python benchmarks/pictures.py`).
"""


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each file of the gallery and its text."""
    page = [_HEAD]
    for name in EXAMPLES:
        drawn = {suffix: _drawn(name, suffix) for suffix in SUFFIXES}
        for suffix, text in drawn.items():
            yield FOLDER / f"{name}.{suffix}", text
        page.append(_section(name, drawn["mmd"], drawn["txt"]))
        for view in VIEWS.get(name, ()):
            yield FOLDER / f"{name}-{view}.svg", _drawn(name, "svg", "--view", view)
            page.append(f"{_SEEN[view]} (`--view {view}`):\n\n")
            page.append(f"![{name}, {view}]({name}-{view}.svg)\n\n")
    page.append(_BESIDE)
    yield FOLDER / "README.md", "".join(page)


def _section(name: str, mermaid: str, tree: str) -> str:
    links = ", ".join(
        f"[{word}]({name}.{suffix})"
        for word, suffix in (("page", "html"), ("DOT", "dot"), ("JSON", "json"), ("text", "txt"))
    )
    parts = [
        f"## {name}",
        _about(name),
        f"From [{name}.toml](../../topologies/{name}.toml); also as {links}.",
        f"![{name}]({name}.svg)",
        _folded("Mermaid, which GitHub draws", "mermaid", mermaid),
    ]
    if tree.count("\n") <= _LONGEST:
        parts.append(_folded("Text, for the terminal", "text", tree))
    return "\n\n".join(parts) + "\n\n"


def _folded(heading: str, language: str, text: str) -> str:
    return f"<details><summary>{heading}</summary>\n\n```{language}\n{text}```\n\n</details>"


def _about(name: str) -> str:
    """Return the comment that an example begins with."""
    lines = (ROOT / "topologies" / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    said = []
    for line in lines:
        if not line.startswith("#"):
            break
        if not line.startswith("#:"):
            said.append(line.removeprefix("#").strip())
    return "\n".join(said).strip()


def _drawn(name: str, suffix: str, *options: str) -> str:
    """Return what the command line writes to a file."""
    from qtopo.cli.main import OK, main

    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.{suffix}")
        arguments = ["graph", "-t", str(ROOT / "topologies" / f"{name}.toml"), "-o", str(file)]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = main([*arguments, *options])
        if status != OK:
            raise SystemExit(f"{name} cannot be drawn as {suffix}\n{out.getvalue()}")
        return file.read_bytes().decode()
