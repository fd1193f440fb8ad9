"""A rule's page for a terminal: wrapped, code set apart, coloured where colour shows.

What is not coloured is still Markdown: headings keep their marks, and code is
indented. It knows the little Markdown that pages are written in, and no rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics.screen import columns, painter, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WIDEST = 88
"""Prose is read with difficulty in longer lines, however wide the terminal is."""

_NARROWEST = 20
_INDENT = "    "


def render(markdown: str, *, width: int, color: bool) -> str:
    """Return the page, its prose at most `width` columns wide; code is never broken."""
    paint = painter(color)
    room = max(min(width, WIDEST), _NARROWEST)
    lines: list[str] = []
    for kind, text in _parts(markdown):
        if kind == "code":
            lines += [_code(line, paint) for line in text]
        elif kind == "heading":
            marks, _, words = text[0].partition(" ")
            # Colour says that it is a heading; without it the marks do.
            lines += [paint(visible(words), "strong") if color else visible(f"{marks} {words}")]
        elif kind == "item":
            lines += _wrapped(text, room, "- ", "  ")
        else:
            lines += _wrapped(text, room, "", "")
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def _parts(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """Yield headings, paragraphs, items of lists and code blocks, in order."""
    kind, text = "", list[str]()
    for line in markdown.split("\n"):
        fence = line.startswith("```")
        if kind == "code":
            if not fence:
                text.append(line)
                continue
            yield kind, text
            kind, text = "", []
        elif not line.strip() or fence or line.startswith(("#", "- ")):
            if text:
                yield kind, text
            kind, text = "", []
            if fence:
                kind = "code"
            elif line.startswith("#"):
                yield "heading", [line]
            elif line.strip():
                kind, text = "item", [line[2:]]
        else:
            kind = kind or "prose"
            text.append(line)
    if text:
        yield kind, text


def _wrapped(text: list[str], room: int, first: str, rest: str) -> list[str]:
    """Break prose between words; a word longer than a line stands alone on one."""
    lines: list[str] = []
    line, indent = "", first
    for word in visible(" ".join(" ".join(text).split())).split(" "):
        longer = f"{line} {word}" if line else word
        if line and columns(indent + longer) > room:
            lines.append(indent + line)
            line, indent = word, rest
        else:
            line = longer
    return [*lines, indent + line]


def _code(line: str, paint: Callable[[str, str], str]) -> str:
    """Indent a line of TOML; headers and comments are told apart from keys."""
    shown = visible(line)
    style = "info" if shown.startswith("[") else "frame" if shown.lstrip().startswith("#") else ""
    return (_INDENT + (paint(shown, style) if style else shown)).rstrip()
