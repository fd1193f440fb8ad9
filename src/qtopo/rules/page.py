"""A rule's page: its docstring, taken apart. Knows nothing of how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

WHY, EXAMPLE, INSTEAD = "Why is this bad?", "Example", "Use instead"
SECTIONS = (WHY, EXAMPLE, INSTEAD)
"""The headings every page has, in this order."""


class Page(NamedTuple):
    """A page: the summary (one sentence), and the Markdown text under each heading, in order."""

    summary: str
    sections: dict[str, str]
    markdown: str


def read(rule: type[Rule]) -> Page:
    """Return the page of a rule."""
    from inspect import cleandoc

    markdown = cleandoc(rule.__doc__ or "")
    summary: list[str] = []
    sections: dict[str, list[str]] = {}
    lines = summary
    fenced = False
    for line in markdown.split("\n"):
        # A line of TOML may begin with ## too.
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            lines = sections.setdefault(line[3:].strip(), [])
        else:
            lines.append(line)
    return Page(
        " ".join(" ".join(summary).split()),
        {heading: "\n".join(text).strip() for heading, text in sections.items()},
        markdown,
    )


def family(rule: type[Rule]) -> str:
    """Return the family of a rule: the folder it stands in."""
    return rule.__module__.split(".")[-2]


def blocks(text: str) -> list[str]:
    """Return the TOML blocks of a Markdown text."""
    found: list[str] = []
    inside: list[str] | None = None
    for line in text.split("\n"):
        if inside is None and line.strip() == "```toml":
            inside = []
        elif inside is not None and line.strip() == "```":
            found.append("\n".join(inside) + "\n")
            inside = None
        elif inside is not None:
            inside.append(line)
    return found
